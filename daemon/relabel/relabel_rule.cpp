#include "relabel/relabel_rule.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "relabel/unicode_case.h"

namespace postern::relabel {
namespace {

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  return options;
}

bool isNameCharacter(char c) {
  return isLetterOrDigit(c) || c == '_';
}

}  // namespace

bool hasVariable(std::string_view pattern) {
  return pattern.find('$') != std::string_view::npos;
}

Anchored::Anchored(const std::string& regex) : regex_(std::make_unique<RE2>(regex, options())) {}

bool Anchored::matches(std::string_view text) const {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *regex_);
}

void Anchored::match(std::string_view text, std::vector<re2::StringPiece>& groups) const {
  groups.resize(static_cast<std::size_t>(regex_->NumberOfCapturingGroups()) + 1);
  const re2::StringPiece piece(text.data(), text.size());
  const bool found = regex_->Match(piece, 0, piece.size(), RE2::ANCHOR_BOTH, groups.data(),
                                   static_cast<int>(groups.size()));
  if (!found) groups.clear();
}

std::string_view Anchored::group(std::string_view name,
                                 const std::vector<re2::StringPiece>& groups) const {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) {
    const auto& names = regex_->NamedCapturingGroups();
    const auto found = names.find(std::string(name));
    if (found == names.end()) return {};
    number = static_cast<std::size_t>(found->second);
  }
  if (number >= groups.size()) return {};
  return {groups[number].data(), groups[number].size()};
}

std::string Anchored::expand(std::string_view pattern,
                             const std::vector<re2::StringPiece>& groups) const {
  std::string out;
  while (!pattern.empty()) {
    const auto dollar = pattern.find('$');
    out.append(pattern.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    pattern.remove_prefix(dollar + 1);
    if (pattern.starts_with('$')) {
      out += '$';
      pattern.remove_prefix(1);
      continue;
    }
    const bool braces = pattern.starts_with('{');
    const std::size_t begin = braces ? 1 : 0;
    std::size_t end = begin;
    while (end < pattern.size() && isNameCharacter(pattern[end])) ++end;
    const bool closed = !braces || (end < pattern.size() && pattern[end] == '}');
    if (end == begin || !closed) {
      out += '$';  // a literal $
      continue;
    }
    out.append(group(pattern.substr(begin, end - begin), groups));
    pattern.remove_prefix(braces ? end + 1 : end);
  }
  return out;
}

RelabelRule::RelabelRule(const config::Relabel& config, Md5 md5)
    : config_(config), md5_(md5), regex_(config.regex) {}

bool RelabelRule::apply(LabelSet& labels) const {
  using enum config::RelabelAction;
  std::string value;
  for (std::size_t i = 0; i < config_.source_labels.size(); ++i) {
    if (i > 0) value += config_.separator;
    value += labels.get(config_.source_labels[i]);
  }
  switch (config_.action) {
    case Drop: return !regex_.matches(value);
    case Keep: return regex_.matches(value);
    case DropEqual: return labels.get(config_.target_label) != value;
    case KeepEqual: return labels.get(config_.target_label) == value;
    case LabelMap: mapLabels(labels); return true;
    case LabelDrop: dropLabels(labels, /*matching=*/true); return true;
    case LabelKeep: dropLabels(labels, /*matching=*/false); return true;
    case Replace:
    case HashMod:
    case Lowercase:
    case Uppercase: break;
  }
  Made made = make(value);
  if (!made.matched) return true;
  std::string target = config_.target_label;
  if (config_.action == Replace && hasVariable(target)) {
    std::vector<re2::StringPiece> groups;
    regex_.match(value, groups);
    target = regex_.expand(target, groups);
  }
  if (!target.empty()) labels.set(target, std::move(made.value));
  return true;
}

RelabelRule::Made RelabelRule::make(const std::string& source) const {
  using enum config::RelabelAction;
  switch (config_.action) {
    case HashMod: return {true, modulo(source)};
    case Lowercase: return {true, toLower(source)};
    case Uppercase: return {true, toUpper(source)};
    case Replace: break;
    default: return {regex_.matches(source), {}};
  }
  std::vector<re2::StringPiece> groups;
  regex_.match(source, groups);
  if (groups.empty()) return {false, {}};
  return {true, regex_.expand(config_.replacement, groups)};
}

bool RelabelRule::touchesFamilies() const {
  using enum config::RelabelAction;
  switch (config_.action) {
    case Drop:
    case Keep:
    case DropEqual:
    case KeepEqual: return true;
    case LabelMap:
      // Every target name contains the letters of the replacement.
      return config_.replacement.find_first_not_of("_name${}0123456789") == std::string::npos;
    case LabelDrop: return regex_.matches(LabelSet::kMetricName);
    case LabelKeep: return !regex_.matches(LabelSet::kMetricName);
    case Replace:
    case HashMod:
    case Lowercase:
    case Uppercase: break;
  }
  return config_.target_label == LabelSet::kMetricName || hasVariable(config_.target_label);
}

// Of several labels that map to one the last wins. The order: labels of the page by name, then
// labels that rules have set, in that order (labels.Builder's Range).
void RelabelRule::mapLabels(LabelSet& labels) const {
  std::vector<LabelSet::LabelEntry> before = labels.entries();
  std::stable_sort(before.begin(), before.end(), [](const auto& a, const auto& b) {
    return a.set != b.set ? a.set < b.set : a.set == 0 && a.name < b.name;
  });
  std::vector<re2::StringPiece> groups;
  for (const LabelSet::LabelEntry& entry : before) {
    regex_.match(entry.name, groups);
    if (groups.empty()) continue;
    const std::string to = regex_.expand(config_.replacement, groups);
    if (!to.empty()) labels.copy(entry, to);
  }
}

void RelabelRule::dropLabels(LabelSet& labels, bool matching) const {
  std::vector<std::string> gone;
  for (const auto& entry : labels.entries()) {
    if (regex_.matches(entry.name) == matching) gone.push_back(entry.name);
  }
  for (const auto& name : gone) labels.remove(name);
}

std::string RelabelRule::modulo(const std::string& value) const {
  const std::string sum = md5_(value);
  std::uint64_t number = 0;
  for (std::size_t i = 8; i < 16; ++i) number = number << 8 | static_cast<unsigned char>(sum[i]);
  return std::to_string(number % config_.modulus);
}

}  // namespace postern::relabel
