#include <fmt/core.h>

#include <set>

#include "base/file.h"
#include "base/printable.h"
#include "base/text.h"
#include "config/readers.h"
#include "config/selector.h"

namespace postern::config {
namespace {

using enum RelabelAction;

constexpr std::size_t kMostFileBytes = 1U << 20;
constexpr std::size_t kMostModulus = 1'000'000'000;

// Reads a file that is part of the configuration. Nothing after an error or with
// NamedFiles::Leave.
std::optional<std::string> readNamedFile(const YamlValue& value) {
  const auto path = value.path();
  if (!path || value.named() == NamedFiles::Leave) return std::nullopt;
  std::string content;
  const auto error = readFile(*path, kMostFileBytes, content);
  if (!error) return content;
  value.addError(fmt::format("names a file that cannot be read, {}: {}",
                             printable(value.node().text), error->what));
  return std::nullopt;
}

void readSelectorText(const YamlValue& value, std::string_view text, std::string_view where,
                      std::vector<Selector>& match) {
  if (value.enough()) return;
  std::string wrong = readSelector(text, match.emplace_back());
  if (!wrong.empty()) value.addError(std::string(where) + wrong);
}

void readMatch(YamlMap& map, std::vector<Selector>& match) {
  if (const auto value = map.find("match")) {
    for (const auto& entry : value->list().value_or(std::vector<YamlValue>())) {
      if (const auto text = entry.text()) readSelectorText(entry, *text, "", match);
    }
  }
  const auto value = map.find("match_file");
  const auto content = value ? readNamedFile(*value) : std::nullopt;
  if (!content) return;
  const std::size_t before = match.size();
  std::size_t number = 0;
  for (std::string_view rest = *content; !rest.empty();) {
    const auto eol = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, eol);
    rest.remove_prefix(std::min(eol + 1, rest.size()));
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    readSelectorText(*value, line, fmt::format("line {} of the file ", number), match);
  }
  if (match.size() == before) {
    value->addError("names a file without a selector, expected one on each line");
  }
}

void readLabels(const YamlValue& value, std::vector<std::pair<std::string, std::string>>& labels) {
  for (const auto& entry : value.entries().value_or(std::vector<YamlEntry>())) {
    if (entry.name.empty() || entry.name.starts_with("__")) {
      entry.key.addError("is not the name of a label to add, expected one without leading __");
    }
    if (const auto text = entry.value.text()) labels.emplace_back(entry.name, *text);
  }
}

void readRename(const YamlValue& value, std::vector<std::pair<std::string, std::string>>& rename) {
  for (const auto& entry : value.entries().value_or(std::vector<YamlEntry>())) {
    if (const auto text = entry.value.text()) rename.emplace_back(entry.name, *text);
  }
}

void readAnonymize(const YamlValue& value, Anonymize& anonymize) {
  YamlMap map(value);
  if (const auto labels = map.need("labels")) {
    for (const auto& entry : labels->list().value_or(std::vector<YamlValue>())) {
      const auto text = entry.text();
      if (!text) continue;
      if (*text == "__name__") entry.addError("is the metric's name, expected a label");
      anonymize.labels.emplace_back(*text);
    }
  }
  if (const auto file = map.need("salt_file")) {
    if (auto content = readNamedFile(*file)) {
      while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
      if (content->empty()) file->addError("names a file that is empty, expected the salt in it");
      anonymize.salt = Secret(std::move(*content));
    }
  }
  map.refuseUnknown();
}

constexpr std::pair<std::string_view, RelabelAction> kActions[] = {
    {"replace", Replace},     {"keep", Keep},           {"drop", Drop},
    {"keepequal", KeepEqual}, {"dropequal", DropEqual}, {"hashmod", HashMod},
    {"labelmap", LabelMap},   {"labeldrop", LabelDrop}, {"labelkeep", LabelKeep},
    {"lowercase", Lowercase}, {"uppercase", Uppercase}};

// Ignores letter case, as Prometheus does.
void readAction(YamlMap& map, RelabelAction& action) {
  const auto value = map.find("action");
  if (!value) return;
  const std::string text = lowered(value->node().text);
  if (text.empty()) return value->addError("relabel action cannot be empty");
  for (const auto& [name, known] : kActions) {
    if (name == text) {
      action = known;
      return;
    }
  }
  value->addError(fmt::format("unknown relabel action \"{}\"", printable(text, 40)));
}

}  // namespace

std::string_view actionName(RelabelAction action) {
  for (const auto& [name, known] : kActions) {
    if (known == action) return name;
  }
  return "";
}

// In Prometheus' wording (model/relabel, Config.Validate).
std::string relabelMistake(const Relabel& rule) {
  const std::string action(actionName(rule.action));
  const bool equal = rule.action == KeepEqual || rule.action == DropEqual;
  const bool targets = rule.action == Replace || rule.action == HashMod || equal ||
                       rule.action == Lowercase || rule.action == Uppercase;
  if (rule.modulus == 0 && rule.action == HashMod) {
    return "relabel configuration for hashmod requires non-zero modulus";
  }
  if (targets && rule.target_label.empty()) {
    return fmt::format("relabel configuration for {} action requires 'target_label' value", action);
  }
  if ((rule.action == Lowercase || rule.action == Uppercase || equal) &&
      rule.replacement != Relabel().replacement) {
    return fmt::format("'replacement' can not be set for {} action", action);
  }
  if (rule.action == LabelMap && rule.replacement.empty()) {
    return "\"\" is invalid 'replacement' for labelmap action";
  }
  const Relabel defaults;
  const bool odd = rule.regex != defaults.regex || rule.modulus != 0 ||
                   rule.separator != defaults.separator || rule.replacement != defaults.replacement;
  if (equal && odd) {
    return action + " action requires only 'source_labels' and `target_label`, and no other fields";
  }
  const bool names_only = rule.action == LabelDrop || rule.action == LabelKeep;
  if (names_only &&
      (!rule.source_labels.empty() || !rule.target_label.empty() || rule.modulus != 0 ||
       rule.separator != defaults.separator || rule.replacement != defaults.replacement)) {
    return action + " action requires only 'regex', and no other fields";
  }
  return regexMistake(rule.regex);
}

namespace {

// The entries of a list that may be missing or, as in Prometheus, empty.
std::vector<YamlValue> entriesOf(YamlMap& map, std::string_view key) {
  const auto value = map.find(key);
  if (!value) return {};
  if (value->node().kind == YamlNode::NodeKind::List && value->node().items.empty()) return {};
  return value->list().value_or(std::vector<YamlValue>());
}

// A text that may be empty, which differs from a missing one.
void readPlain(YamlMap& map, std::string_view key, std::string& field) {
  const auto value = map.find(key);
  if (!value) return;
  if (value->node().kind != YamlNode::NodeKind::Scalar) {
    value->text();  // adds an error
    return;
  }
  field = value->node().text;
}

void readRelabel(const YamlValue& value, Relabel& rule) {
  if (value.enough()) return;
  YamlMap map(value);
  for (const auto& entry : entriesOf(map, "source_labels")) {
    if (const auto text = entry.text()) rule.source_labels.emplace_back(*text);
  }
  readPlain(map, "separator", rule.separator);
  readPlain(map, "regex", rule.regex);
  rule.regex = inRe2(rule.regex);
  readPlain(map, "replacement", rule.replacement);
  readPlain(map, "target_label", rule.target_label);
  std::size_t modulus = 0;
  map.number("modulus", modulus, {1, kMostModulus});
  rule.modulus = modulus;
  readAction(map, rule.action);
  map.refuseUnknown();
  if (map.present()) value.accept(relabelMistake(rule));
}

}  // namespace

void readReshape(YamlMap& map, Reshape& reshape) {
  readMatch(map, reshape.match);
  if (const auto labels = map.find("labels")) readLabels(*labels, reshape.labels);
  map.boolean("honor_labels", reshape.honor_labels);
  for (const auto& entry : entriesOf(map, "metric_relabel_configs")) {
    readRelabel(entry, reshape.metric_relabel_configs.emplace_back());
  }
  if (const auto rename = map.find("rename")) readRename(*rename, reshape.rename);
  if (const auto anonymize = map.find("anonymize")) readAnonymize(*anonymize, reshape.anonymize);
}

}  // namespace postern::config
