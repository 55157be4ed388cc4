#include "kube/manifest.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/printable.h"
#include "config/yaml_tree.h"

namespace postern::kube {
namespace {

using config::YamlNode;

bool readsFraction(const std::string& text, double& number) {
  if (text.find_first_not_of("0123456789.eE+-") != std::string::npos) return false;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end;
}

// 0444 and 0o444 are octal, the usual form of file modes.
bool readsWhole(const std::string& text, std::int64_t& number) {
  int base = 10;
  std::string_view digits = text;
  const auto take = [&](std::string_view prefix, int of) {
    if (base != 10 || digits.size() <= prefix.size() || !digits.starts_with(prefix)) return;
    digits.remove_prefix(prefix.size());
    base = of;
  };
  take("0x", 16);
  take("0o", 8);
  take("0", 8);
  if (base != 10 && digits.starts_with('-')) return false;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, number, base);
  return error == std::errc() && rest == end;
}

// YAML 1.1, as Kubernetes reads it.
Json plainWord(const std::string& text) {
  const auto isOne = [&](std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, std::string_view(text)) != words.end();
  };
  if (isOne({"", "~", "null", "Null", "NULL"})) return nullptr;
  if (isOne({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})) return true;
  if (isOne({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"}))
    return false;
  if (std::int64_t number = 0; readsWhole(text, number)) return number;
  if (double number = 0; readsFraction(text, number)) return number;
  return text;
}

// Converts one document to JSON.
class Converter {
 public:
  explicit Converter(std::vector<config::YamlMistake>& mistakes) : mistakes_(mistakes) {}

  // yaml-cpp has limited the nesting.
  Json convert(const YamlNode& node) {
    switch (node.kind) {
      case YamlNode::NodeKind::Null: break;
      case YamlNode::NodeKind::Scalar: return node.quoted ? Json(node.text) : plainWord(node.text);
      case YamlNode::NodeKind::List: {
        Json list = Json::array();
        for (const auto& item : node.items) list.push_back(convert(item));
        return list;
      }
      case YamlNode::NodeKind::Map: return convertMap(node);
    }
    return nullptr;
  }

 private:
  static bool isMergeKey(const YamlNode& key) { return !key.quoted && key.text == "<<"; }

  void addMistake(const YamlNode& at, std::string what) {
    mistakes_.push_back({at.line, at.column, std::move(what)});
  }

  Json convertMap(const YamlNode& node) {
    Json map = Json::object();
    const YamlNode* merged = nullptr;
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
      const auto& key = node.items[i];
      const auto& value = node.items[i + 1];
      if (key.kind == YamlNode::NodeKind::List || key.kind == YamlNode::NodeKind::Map) {
        addMistake(key, "a key is a list or a map, expected text");
      } else if (map.contains(key.text) || (isMergeKey(key) && merged != nullptr)) {
        addMistake(key, fmt::format("duplicate key `{}`, expected it once", printable(key.text)));
      } else if (isMergeKey(key)) {
        merged = &value;
      } else {
        map[key.text] = convert(value);
      }
    }
    if (merged != nullptr) merge(*merged, map);
    return map;
  }

  // The map's own keys have priority, then those of the first merged map.
  void merge(const YamlNode& from, Json& map) {
    if (from.kind == YamlNode::NodeKind::List) {
      for (const auto& item : from.items) merge(item, map);
    } else if (from.kind == YamlNode::NodeKind::Map) {
      const auto others = convert(from);
      map.insert(others.begin(), others.end());
    } else {
      addMistake(from, "the value of `<<` is not a map, expected an alias of one");
    }
  }

  std::vector<config::YamlMistake>& mistakes_;
};

std::vector<Json> parseYaml(const std::string& text, std::string& wrong) {
  auto documents = config::parseYamlDocuments(text);
  std::vector<Json> converted;
  for (const auto& root : documents.roots) {
    converted.push_back(Converter(documents.mistakes).convert(root));
  }
  for (const auto& mistake : documents.mistakes) {
    wrong += fmt::format("{}line {}, column {}: {}", wrong.empty() ? "" : "; ", mistake.line,
                         mistake.column, mistake.what);
  }
  if (!wrong.empty()) return {};
  if (converted.empty()) wrong = "is empty, expected a manifest";
  return converted;
}

}  // namespace

std::vector<Json> parseManifests(const std::string& text, std::string& wrong) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || text[first] != '{') return parseYaml(text, wrong);
  // YAML in flow style starts like JSON.
  std::string no_json;
  if (auto document = parseJson(text, no_json)) {
    const auto duplicate = duplicateKeyIn(text);
    if (!duplicate) return {std::move(*document)};
    wrong = fmt::format("duplicate key `{}`, expected it once", printable(*duplicate));
    return {};
  }
  return parseYaml(text, wrong);
}

}  // namespace postern::kube
