#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace postern::config {

// One value of a YAML document, and its place. An alias is the value that it stands for.
struct YamlNode {
  enum class Kind { Null, Scalar, List, Map };

  Kind kind = Kind::Null;
  bool quoted = false;          // a scalar in quotes or of a block, never a number or a boolean
  std::string text;             // of a scalar
  std::vector<YamlNode> items;  // of a list; of a map: key, value, key, value, ...
  std::size_t line = 1;         // from 1, as editors count
  std::size_t column = 1;
};

struct YamlMistake {
  std::size_t line;
  std::size_t column;
  std::string what;
};

struct YamlDocument {
  std::optional<YamlNode> root;  // none when there are mistakes
  std::vector<YamlMistake> mistakes;
};

inline constexpr std::size_t kMostYamlBytes = 1U << 20;

// At most one document of at most kMostYamlBytes, without anchors, aliases and tags: none of these
// is needed, and aliases can make a small file huge. yaml-cpp bounds the nesting.
YamlDocument parseYamlTree(const std::string& text);

struct YamlDocuments {
  std::vector<YamlNode> roots;  // none when there are mistakes
  std::vector<YamlMistake> mistakes;
};

// All documents of a manifest, but those without a value. Anchors, aliases and the tags of YAML's
// own types are allowed; a merge key ("<<") is a key like any other. The copies of an alias count
// towards the bound of values.
YamlDocuments parseYamlDocuments(const std::string& text);

}  // namespace postern::config
