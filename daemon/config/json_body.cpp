#include <fmt/core.h>

#include <algorithm>

#include "base/printable.h"
#include "config/readers.h"
#include "config/syntax.h"

namespace postern::config {
namespace {

std::string_view takeDigits(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

// RFC 8259, section 6.
bool isJsonNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto whole = takeDigits(text);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (takeDigits(text).empty()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (takeDigits(text).empty()) return false;
  }
  return text.empty();
}

// YAML's core schema has more forms of numbers than JSON: 0x1F, 0o17, +1, .5, 010, .inf and .nan.
bool looksLikeNumber(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  for (const std::string_view word : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) {
    if (text == word) return true;
  }
  if (text.starts_with('.')) text.remove_prefix(1);
  if (takeDigits(text).empty()) return false;
  return text.find_first_not_of("0123456789abcdefABCDEFxo.+-") == text.npos;
}

void appendString(const YamlValue& value, std::string_view text, std::string& json) {
  value.accept(placeholderMistake(text, {"username", "password"}));
  const auto quoted = quoteJson(text);
  if (quoted.find("\xEF\xBF\xBD") != quoted.npos) value.addError("is not UTF-8, expected UTF-8");
  json += quoted;
}

void appendScalar(const YamlValue& value, std::string& json) {
  const auto& node = value.node();
  const auto& text = node.text;
  const bool is_true = text == "true" || text == "True" || text == "TRUE";
  const bool is_false = text == "false" || text == "False" || text == "FALSE";
  if (!node.quoted && (is_true || is_false)) {
    json += is_true ? "true" : "false";
  } else if (!node.quoted && isJsonNumber(text)) {
    json += text;
  } else if (!node.quoted && looksLikeNumber(text)) {
    value.addError("is not a number of JSON, expected a decimal number or quotes around it");
  } else {
    appendString(value, text, json);
  }
}

void appendValue(const YamlValue& value, std::string& json);

void appendMap(const YamlValue& value, std::string& json) {
  const auto entries = value.entries();
  if (!entries) return;
  json += '{';
  for (const auto& entry : *entries) {
    if (json.back() != '{') json += ',';
    if (entry.name.find("{{") != entry.name.npos) {
      entry.key.addError("holds a placeholder, expected it in a value");
    }
    json += quoteJson(entry.name) + ':';
    appendValue(entry.value, json);
  }
  json += '}';
}

void appendList(const YamlValue& value, std::string& json) {
  json += '[';
  for (std::size_t i = 0; i < value.node().items.size(); ++i) {
    if (i > 0) json += ',';
    appendValue(value.child(value.node().items[i], fmt::format("[{}]", i)), json);
  }
  json += ']';
}

void appendValue(const YamlValue& value, std::string& json) {
  switch (value.node().kind) {
    case YamlNode::NodeKind::Null: json += "null"; break;
    case YamlNode::NodeKind::Scalar: appendScalar(value, json); break;
    case YamlNode::NodeKind::List: appendList(value, json); break;
    case YamlNode::NodeKind::Map: appendMap(value, json); break;
  }
}

}  // namespace

void readJsonBody(const YamlValue& value, std::string& json) {
  json.clear();
  appendMap(value, json);
}

}  // namespace postern::config
