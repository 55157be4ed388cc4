#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace postern::config {

// One value of a YAML document, and its position. An alias is replaced by its value.
struct YamlNode {
  enum class NodeKind { Null, Scalar, List, Map };

  NodeKind kind = NodeKind::Null;
  bool quoted = false;          // a scalar in quotes or a block scalar, never a number or a boolean
  std::string text;             // of a scalar
  std::vector<YamlNode> items;  // of a list; of a map: key, value, key, value, ...
  std::size_t line = 1;         // starts at 1, as in editors
  std::size_t column = 1;
};

struct YamlMistake {
  std::size_t line;
  std::size_t column;
  std::string what;
};

struct YamlDocument {
  std::optional<YamlNode> root;  // not set after mistakes
  std::vector<YamlMistake> mistakes;
};

inline constexpr std::size_t kMostYamlBytes = 1U << 20;

// At most one document of at most kMostYamlBytes, without anchors, aliases and tags: a
// configuration needs none of them, and aliases can make a small file huge. yaml-cpp limits the
// nesting.
YamlDocument parseYamlTree(const std::string& text);

struct YamlDocuments {
  std::vector<YamlNode> roots;  // empty after mistakes
  std::vector<YamlMistake> mistakes;
};

// All documents of a manifest, except those without a value. Anchors, aliases and the tags of
// YAML's own types are allowed. A merge key ("<<") is an ordinary key. Copies of an alias count
// towards the limit of values.
YamlDocuments parseYamlDocuments(const std::string& text);

}  // namespace postern::config
