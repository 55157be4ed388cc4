#include "kube/manifest.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

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

// 0444 and 0o444 are octal: so modes of files are written.
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
  if (isOne({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
  if (isOne({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})) return false;
  if (std::int64_t number = 0; readsWhole(text, number)) return number;
  if (double number = 0; readsFraction(text, number)) return number;
  return text;
}

// yaml-cpp has bounded the nesting.
Json toJson(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::Null: break;
    case YamlNode::Kind::Scalar: return node.quoted ? Json(node.text) : plainWord(node.text);
    case YamlNode::Kind::List: {
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(toJson(item));
      return list;
    }
    case YamlNode::Kind::Map: {
      Json map = Json::object();
      for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
        map[node.items[i].text] = toJson(node.items[i + 1]);
      }
      return map;
    }
  }
  return nullptr;
}

}  // namespace

std::optional<Json> parseManifest(const std::string& text, std::string& wrong) {
  if (const auto first = text.find_first_not_of(" \t\r\n");
      first != std::string::npos && text[first] == '{') {
    return parseJson(text, wrong);
  }
  const auto document = config::parseYamlTree(text);
  for (const auto& mistake : document.mistakes) {
    wrong += (wrong.empty() ? "" : "; ") + std::string("line ") + std::to_string(mistake.line) +
             ", column " + std::to_string(mistake.column) + ": " + mistake.what;
  }
  if (!document.root) {
    if (wrong.empty()) wrong = "is empty, expected a manifest";
    return std::nullopt;
  }
  return toJson(*document.root);
}

}  // namespace postern::kube
