#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/error_collector.h"
#include "config/prometheus_names.h"
#include "config/units.h"
#include "config/yaml_tree.h"

namespace postern::config {

struct YamlEntry;

// A value and the dotted path of its key. On a mistake each function adds an error and returns
// nothing. Borrows the tree and the report; both must outlive it.
class YamlValue {
 public:
  YamlValue(const YamlNode& node, std::string key, ErrorCollector& collector)
      : node_(&node), key_(std::move(key)), collector_(&collector) {}

  void addError(std::string what) const;
  // Adds the error `what` unless it is empty; returns whether it is.
  bool accept(std::string what) const;
  const YamlNode& node() const { return *node_; }
  YamlValue child(const YamlNode& node, const std::string& name) const;

  // A scalar that is not empty and contains no control character. The view dies with the tree.
  std::optional<std::string_view> text() const;
  NamedFiles named() const { return collector_->named(); }
  bool enough() const { return collector_->enough(); }  // ErrorCollector::enough()
  std::optional<Path> path() const;                     // joined with the folder of the file
  std::optional<bool> boolean() const;
  std::optional<std::size_t> number(Range<std::size_t> range) const;
  std::optional<milliseconds> duration(Range<milliseconds> range) const;
  std::optional<std::size_t> size(Range<std::size_t> range) const;
  std::optional<std::vector<YamlValue>> list() const;     // not empty
  std::optional<std::vector<YamlEntry>> entries() const;  // of a map; without duplicate keys

 private:
  bool isA(YamlNode::NodeKind kind, std::string_view expected) const;

  const YamlNode* node_;
  std::string key_;
  ErrorCollector* collector_;
};

struct YamlEntry {
  std::string_view name;  // dies with the tree
  YamlValue key;          // for errors about the key itself
  YamlValue value;
};

// A map with known keys. Every key that a function asks for becomes known; refuseUnknown()
// reports the others. A function leaves the field unchanged if its key is missing or
// invalid.
class YamlMap {
 public:
  explicit YamlMap(YamlValue value);

  std::optional<YamlValue> find(std::string_view key);
  // Adds an error if it is missing.
  std::optional<YamlValue> need(std::string_view key);
  bool has(std::string_view key) const;
  // Adds an error if more than one of `keys` is set.
  void exclude(std::initializer_list<std::string_view> keys);
  // `block`: the block of Prometheus' configuration whose keys get a hint.
  void refuseUnknown(PrometheusBlock block = PrometheusBlock::None) const;
  // False after an error that the value is not a map; missing keys are not reported then.
  bool present() const { return present_; }
  const YamlValue& value() const { return value_; }

  void text(std::string_view key, std::string& field);
  void boolean(std::string_view key, bool& field);
  void number(std::string_view key, std::size_t& field, Range<std::size_t> range);
  void number(std::string_view key, int& field, Range<std::size_t> range);
  void duration(std::string_view key, milliseconds& field, Range<milliseconds> range);
  void size(std::string_view key, std::size_t& field, Range<std::size_t> range);
  void secret(std::string_view key, Secret& field);
  void path(std::string_view key, Path& field);
  // Text for which `mistake` returns an empty string.
  void checked(std::string_view key, std::string& field, std::string (*mistake)(std::string_view));
  template <typename T>
  void choice(std::string_view key, T& field,
              std::initializer_list<std::pair<std::string_view, T>> choices) {
    choice(key, field, std::span(choices.begin(), choices.size()));
  }
  template <typename T>
  void choice(std::string_view key, T& field,
              std::span<const std::pair<std::string_view, T>> choices);

 private:
  YamlValue value_;
  std::vector<YamlEntry> entries_;
  std::vector<std::string_view> known_;
  bool present_ = false;
};

template <typename T>
void YamlMap::choice(std::string_view key, T& field,
                     std::span<const std::pair<std::string_view, T>> choices) {
  const auto value = find(key);
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return;
  std::string expected;
  for (const auto& [name, choice] : choices) {
    if (name == *text) {
      field = choice;
      return;
    }
    expected += (expected.empty() ? "" : ", ") + std::string(name);
  }
  value->addError("is unknown, expected one of " + expected);
}

}  // namespace postern::config
