#include "relabel/rule_set.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/metric_text.h"

namespace postern::relabel {
namespace {

constexpr std::size_t kPseudonym = 9;  // bytes of the digest that become 12 characters of base64

// Whether the names of the metric and of all labels are valid on a page.
bool hasNames(const LabelSet& labels) {
  const auto ends_page = [](const std::string& name) { return name.find('\0') != name.npos; };
  bool named = false;
  for (const auto& entry : labels.entries()) {
    if (ends_page(entry.name)) return false;
    if (entry.name != LabelSet::kMetricName) continue;
    if (ends_page(entry.value)) return false;
    named = true;
  }
  return named;
}

}  // namespace

CompiledSelector::CompiledSelector(const config::Selector& selector) {
  for (const auto& matcher : selector.matchers) {
    const bool regex = matcher.op == config::LabelMatcher::Operator::Matches ||
                       matcher.op == config::LabelMatcher::Operator::NotMatches;
    std::optional<Anchored> compiled;
    if (regex) compiled.emplace(matcher.value);
    matchers_.push_back({matcher, std::move(compiled)});
  }
}

bool CompiledSelector::Matcher::matches(std::string_view value) const {
  using enum config::LabelMatcher::Operator;
  switch (config.op) {
    case Equal: return value == config.value;
    case NotEqual: return value != config.value;
    case Matches: return regex->matches(value);
    case NotMatches: return !regex->matches(value);
  }
  return false;
}

bool CompiledSelector::matches(LabelSet& labels) const {
  return std::all_of(matchers_.begin(), matchers_.end(), [&](const Matcher& matcher) {
    return matcher.matches(labels.get(matcher.config.name));
  });
}

RuleSet::RuleSet(const config::Reshape& configuration, Digests functions)
    : config(configuration), digests(std::move(functions)) {
  for (const auto& selector : config.match) match.emplace_back(selector);
  for (const auto& rule : config.metric_relabel_configs) relabel.emplace_back(rule, digests.md5);
  for (const auto& [from, to] : config.rename) rename.emplace(from, to);
  for (const auto& [name, value] : config.labels) {
    const bool plain = isPlainLabelName(name);
    const std::string_view quote = plain ? "" : "\"";
    const std::string text = plain ? name : escapeLabelValue(name);
    const std::string escaped = escapeLabelValue(value);
    inserted.append(quote).append(text).append(quote).append("=\"").append(escaped).append("\",");
    if (!value.empty()) inserted_hash += hashText(escaped, hashLabelName(text));
  }
}

bool RuleSet::onlyLabels() const {
  return match.empty() && relabel.empty() && rename.empty() && config.anonymize.labels.empty();
}

bool RuleSet::touchFamilies() const {
  return !match.empty() || !rename.empty() ||
         std::any_of(relabel.begin(), relabel.end(),
                     [](const RelabelRule& rule) { return rule.touchesFamilies(); });
}

Relabeler::Effect RuleSet::apply(LabelSet& labels) const {
  const bool matched =
      match.empty() || std::any_of(match.begin(), match.end(),
                                   [&](const auto& selector) { return selector.matches(labels); });
  if (!matched) return Relabeler::Effect::Unmatched;
  addLabels(labels);
  for (const RelabelRule& rule : relabel) {
    if (!rule.apply(labels)) return Relabeler::Effect::Dropped;
  }
  if (labels.entries().empty()) return Relabeler::Effect::Dropped;
  renameMetric(labels);
  anonymize(labels);
  if (!hasNames(labels)) return Relabeler::Effect::Refused;
  return Relabeler::Effect::Rewritten;
}

// Like Prometheus when it adds the labels of a target (scrape, mutateSampleLabels).
void RuleSet::addLabels(LabelSet& labels) const {
  std::vector<LabelSet::LabelEntry> conflicting;
  for (const auto& added : config.labels) {
    const auto& entries = labels.entries();
    const auto old = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.name == added.first; });
    if (old != entries.end()) {
      if (config.honor_labels) continue;
      conflicting.push_back(*old);
    }
    labels.set(added.first, added.second);
  }
  std::stable_sort(conflicting.begin(), conflicting.end(),
                   [](const auto& a, const auto& b) { return a.name.size() < b.name.size(); });
  for (const auto& entry : conflicting) {
    std::string name = "exported_" + entry.name;
    while (labels.has(name)) name.insert(0, "exported_");
    labels.copy(entry, name);
  }
}

void RuleSet::renameMetric(LabelSet& labels) const {
  if (rename.empty()) return;
  const auto to = rename.find(labels.get(LabelSet::kMetricName));
  if (to != rename.end()) labels.set(LabelSet::kMetricName, to->second);
}

std::string RuleSet::pseudonym(std::string_view value) const {
  return encodeBase64Url(digests.hmac(value).substr(0, kPseudonym));
}

void RuleSet::anonymize(LabelSet& labels) const {
  for (const auto& name : config.anonymize.labels) {
    const std::string& value = labels.get(name);
    if (!value.empty()) labels.set(name, pseudonym(value));
  }
}

Rules::Rules(std::unique_ptr<const RuleSet> rule_set) : rule_set_(std::move(rule_set)) {}

Rules::~Rules() = default;

std::shared_ptr<const Rules> Rules::compile(const config::Reshape& config, Digests digests) {
  return std::shared_ptr<const Rules>(
      new Rules(std::make_unique<const RuleSet>(config, std::move(digests))));
}

bool Rules::any() const {
  return !rule_set_->onlyLabels() || !rule_set_->inserted.empty();
}

bool Rules::touchFamilies() const {
  return rule_set_->touchFamilies();
}

}  // namespace postern::relabel
