#include "config/yaml_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/printable.h"
#include "base/text.h"
#include "config/suggest.h"
#include "config/syntax.h"

namespace postern::config {
namespace {

using NodeKind = YamlNode::NodeKind;

std::string_view kindName(NodeKind kind) {
  switch (kind) {
    case NodeKind::Null: return "empty";
    case NodeKind::Scalar: return "a single value";
    case NodeKind::List: return "a list";
    case NodeKind::Map: return "a map";
  }
  return {};
}

std::string unknownKey(std::string_view key, const std::vector<std::string_view>& known) {
  constexpr std::size_t kShortList = 8;
  const auto likely = suggest(key, known);
  if (resembles(key, likely)) return fmt::format("unknown key, did you mean {}?", likely);
  if (known.size() > kShortList) {
    return "unknown key, the nearest known one is " + std::string(likely);
  }
  std::string all;
  for (const auto name : known) all += (all.empty() ? "" : ", ") + std::string(name);
  return "unknown key, expected one of " + all;
}

}  // namespace

void YamlValue::addError(std::string what) const {
  collector_->add(node_->line, node_->column, key_, std::move(what));
}

bool YamlValue::accept(std::string what) const {
  if (what.empty()) return true;
  addError(std::move(what));
  return false;
}

YamlValue YamlValue::child(const YamlNode& node, const std::string& name) const {
  const bool joined = key_.empty() || name.starts_with('[');
  return YamlValue(node, joined ? key_ + name : fmt::format("{}.{}", key_, name), *collector_);
}

bool YamlValue::isA(NodeKind kind, std::string_view expected) const {
  if (node_->kind == kind) return true;
  addError(fmt::format("is {}, expected {}", kindName(node_->kind), expected));
  return false;
}

std::optional<std::string_view> YamlValue::text() const {
  if (!isA(NodeKind::Scalar, "text")) return std::nullopt;
  if (node_->text.empty()) {
    addError("is empty, expected text");
  } else if (hasControlCharacter(node_->text)) {
    addError("holds a line break or another control character, expected text of one line");
  } else {
    return node_->text;
  }
  return std::nullopt;
}

std::optional<Path> YamlValue::path() const {
  const auto name = text();
  if (!name) return std::nullopt;
  return collector_->file(*name);
}

std::optional<bool> YamlValue::boolean() const {
  if (!isA(NodeKind::Scalar, "true or false")) return std::nullopt;
  if (!node_->quoted && node_->text == "true") return true;
  if (!node_->quoted && node_->text == "false") return false;
  addError("is text, expected true or false");
  return std::nullopt;
}

std::optional<std::size_t> YamlValue::number(Range<std::size_t> range) const {
  if (!isA(NodeKind::Scalar, "a number")) return std::nullopt;
  std::string wrong;
  const auto number = readNumber(node_->text, range, wrong);
  if (number && !node_->quoted) return number;
  addError(number ? "is text in quotes, expected a number without quotes" : wrong);
  return std::nullopt;
}

std::optional<milliseconds> YamlValue::duration(Range<milliseconds> range) const {
  if (!isA(NodeKind::Scalar, "a duration like 1m30s")) return std::nullopt;
  std::string wrong;
  const auto duration = readDuration(node_->text, range, wrong);
  accept(wrong);
  return duration;
}

std::optional<std::size_t> YamlValue::size(Range<std::size_t> range) const {
  if (!isA(NodeKind::Scalar, "a size like 64MiB")) return std::nullopt;
  std::string wrong;
  const auto size = readSize(node_->text, range, wrong);
  accept(wrong);
  return size;
}

std::optional<std::vector<YamlValue>> YamlValue::list() const {
  if (!isA(NodeKind::List, "a list")) return std::nullopt;
  std::vector<YamlValue> values;
  for (const auto& item : node_->items) {
    values.push_back(child(item, fmt::format("[{}]", values.size())));
  }
  if (!values.empty()) return values;
  addError("is an empty list, expected at least one entry");
  return std::nullopt;
}

std::optional<std::vector<YamlEntry>> YamlValue::entries() const {
  if (!isA(NodeKind::Map, "a map")) return std::nullopt;
  std::vector<YamlEntry> entries;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i + 1 < node_->items.size(); i += 2) {
    const auto& key = node_->items[i];
    const auto name = printable(key.text, 64);
    if (key.kind != NodeKind::Scalar) {
      child(key, "?").addError(fmt::format("the key is {}, expected a name", kindName(key.kind)));
    } else if (!seen.insert(key.text).second) {
      child(key, name).addError("is a duplicate key, expected it once");
    } else {
      entries.push_back({key.text, child(key, name), child(node_->items[i + 1], name)});
    }
  }
  return entries;
}

YamlMap::YamlMap(YamlValue value) : value_(std::move(value)) {
  auto entries = value_.entries();
  if (!entries) return;
  present_ = true;
  entries_ = std::move(*entries);
}

std::optional<YamlValue> YamlMap::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const YamlEntry& e) { return e.name == key; });
  if (entry == entries_.end()) return std::nullopt;
  return entry->value;
}

std::optional<YamlValue> YamlMap::need(std::string_view key) {
  auto value = find(key);
  if (!value && present_) {
    value_.child(value_.node(), std::string(key)).addError("is missing, expected a value");
  }
  return value;
}

bool YamlMap::has(std::string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const YamlEntry& e) { return e.name == key; });
}

void YamlMap::exclude(std::initializer_list<std::string_view> keys) {
  const YamlEntry* first = nullptr;
  for (const auto& entry : entries_) {
    if (std::find(keys.begin(), keys.end(), entry.name) == keys.end()) continue;
    if (first != nullptr) {
      entry.key.addError(fmt::format("excludes {}, expected only one of them", first->name));
    } else {
      first = &entry;
    }
  }
}

void YamlMap::refuseUnknown(PrometheusBlock block) const {
  for (const auto& entry : entries_) {
    if (value_.enough()) return;
    if (std::find(known_.begin(), known_.end(), entry.name) != known_.end()) continue;
    auto hint = prometheusHint(block, entry.name);
    entry.key.addError(hint.empty() ? unknownKey(entry.name, known_) : std::move(hint));
  }
}

void YamlMap::text(std::string_view key, std::string& field) {
  checked(key, field, [](std::string_view) { return std::string(); });
}

void YamlMap::checked(std::string_view key, std::string& field,
                      std::string (*mistake)(std::string_view)) {
  const auto value = find(key);
  const auto text = value ? value->text() : std::nullopt;
  if (text && value->accept(mistake(*text))) field = *text;
}

void YamlMap::boolean(std::string_view key, bool& field) {
  const auto value = find(key);
  if (value) field = value->boolean().value_or(field);
}

void YamlMap::number(std::string_view key, std::size_t& field, Range<std::size_t> range) {
  const auto value = find(key);
  if (value) field = value->number(range).value_or(field);
}

void YamlMap::number(std::string_view key, int& field, Range<std::size_t> range) {
  auto number = static_cast<std::size_t>(field);
  this->number(key, number, range);
  field = static_cast<int>(number);
}

void YamlMap::duration(std::string_view key, milliseconds& field, Range<milliseconds> range) {
  const auto value = find(key);
  if (value) field = value->duration(range).value_or(field);
}

void YamlMap::size(std::string_view key, std::size_t& field, Range<std::size_t> range) {
  const auto value = find(key);
  if (value) field = value->size(range).value_or(field);
}

void YamlMap::secret(std::string_view key, Secret& field) {
  const auto value = find(key);
  const auto text = value ? value->text() : std::nullopt;
  if (text) field = Secret(*text);
}

void YamlMap::path(std::string_view key, Path& field) {
  const auto value = find(key);
  if (value) field = value->path().value_or(field);
}

}  // namespace postern::config
