#include "relabel/compiled_rules.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/metric_text.h"

namespace postern::relabel {
namespace {

constexpr std::size_t kName = 0;  // the slot of the metric's name

}  // namespace

class CompiledRules::Maker {
 public:
  Maker(const RuleSet& rules, const Series& sample) : rules_(rules) {
    compiled_.rules_ = &rules;
    texts_.emplace_back(LabelSet::kMetricName);
    present_.push_back(true);
    for (const Label& label : sample.labels) {
      texts_.emplace_back(label.name);
      present_.push_back(!label.value.empty());
    }
  }

  std::optional<CompiledRules> make();

 private:
  std::size_t slotOf(const std::string& name);
  void addLabels();
  bool addRule(const RelabelRule& rule, std::size_t outcomes);
  bool addMap(const RelabelRule& rule);
  static OpKind kindOf(config::RelabelAction action);

  const RuleSet& rules_;
  CompiledRules compiled_;
  std::vector<std::string> texts_;  // names of slots, unescaped
  std::vector<bool> present_;       // set before the first rule
};

std::size_t CompiledRules::Maker::slotOf(const std::string& name) {
  const auto found = std::find(texts_.begin(), texts_.end(), name);
  if (found != texts_.end()) return static_cast<std::size_t>(found - texts_.begin());
  texts_.push_back(name);
  present_.push_back(false);
  return texts_.size() - 1;
}

std::optional<CompiledRules> CompiledRules::Maker::make() {
  std::size_t rule = 0;
  for (const auto& selector : rules_.match) {
    auto& slots = compiled_.matched_.emplace_back();
    for (const auto& matcher : selector.matchers()) slots.push_back(slotOf(matcher.config.name));
    rule += slots.size();
  }
  addLabels();
  for (const RelabelRule& relabel : rules_.relabel) {
    if (!addRule(relabel, rule++)) return std::nullopt;
  }
  if (!rules_.rename.empty()) compiled_.ops_.push_back({.kind = OpKind::Rename, .target = kName});
  for (const auto& label : rules_.config.anonymize.labels) {
    compiled_.ops_.push_back(
        {.kind = OpKind::Anonymize, .target = slotOf(label), .outcomes = rule++});
  }
  for (const std::string& text : texts_) {
    if (text.find('\0') != text.npos) return std::nullopt;  // no page can contain it
    const bool plain = isPlainLabelName(text);
    Name& name = compiled_.names_.emplace_back();
    name.text = plain ? text : escapeLabelValue(text);
    const std::string_view quote = plain ? "" : "\"";
    name.prefix.append("\",").append(quote).append(name.text).append(quote).append("=\"");
    name.label.quoted = !plain;
    name.hash = hashLabelName(name.text);
  }
  for (Name& name : compiled_.names_) name.label.name = name.text;
  return std::move(compiled_);
}

// Like RuleSet::addLabels.
void CompiledRules::Maker::addLabels() {
  std::vector<std::size_t> conflicting;
  std::vector<Op> sets;
  for (const auto& [name, value] : rules_.config.labels) {
    const std::size_t slot = slotOf(name);
    if (present_[slot] && rules_.config.honor_labels) continue;
    if (present_[slot]) conflicting.push_back(slot);
    present_[slot] = true;
    sets.push_back(
        {.kind = OpKind::Set, .target = slot, .value = value, .escaped = escapeLabelValue(value)});
  }
  std::stable_sort(conflicting.begin(), conflicting.end(), [&](std::size_t a, std::size_t b) {
    return texts_[a].size() < texts_[b].size();
  });
  Op copy{.kind = OpKind::Copy};
  for (const std::size_t slot : conflicting) {
    std::string name = "exported_" + texts_[slot];
    while (present_[slotOf(name)]) name.insert(0, "exported_");
    present_[slotOf(name)] = true;
    copy.copies.emplace_back(slot, slotOf(name));
  }
  if (!copy.copies.empty()) compiled_.ops_.push_back(std::move(copy));
  for (Op& set : sets) compiled_.ops_.push_back(std::move(set));
}

CompiledRules::OpKind CompiledRules::Maker::kindOf(config::RelabelAction action) {
  using enum config::RelabelAction;
  switch (action) {
    case Keep:
    case Drop: return OpKind::Filter;
    case KeepEqual: return OpKind::KeepEqual;
    case DropEqual: return OpKind::DropEqual;
    default: return OpKind::Replace;
  }
}

// Returns false when the rule cannot be compiled.
bool CompiledRules::Maker::addRule(const RelabelRule& rule, std::size_t outcomes) {
  using enum config::RelabelAction;
  const auto& config = rule.config();
  if (config.action == Replace && hasVariable(config.target_label)) return false;
  if (config.action == LabelMap) {
    return addMap(rule);
  }
  if (config.action == LabelDrop || config.action == LabelKeep) {
    Op clear{.kind = OpKind::Clear};
    for (std::size_t slot = 0; slot < texts_.size(); ++slot) {
      const bool matches = rule.regex().matches(texts_[slot]);
      if (matches == (config.action == LabelDrop)) clear.sources.push_back(slot);
    }
    compiled_.ops_.push_back(std::move(clear));
    return true;
  }
  Op op{.kind = kindOf(config.action), .outcomes = outcomes, .rules = {&rule}};
  for (const auto& label : config.source_labels) op.sources.push_back(slotOf(label));
  if (!config.target_label.empty()) op.target = slotOf(config.target_label);
  if (op.kind == OpKind::Filter && !compiled_.ops_.empty()) {
    Op& last = compiled_.ops_.back();
    if (last.kind == OpKind::Filter && last.sources == op.sources &&
        last.rules[0]->config().separator == config.separator) {
      last.rules.push_back(&rule);
      return true;
    }
  }
  if (op.kind == OpKind::Replace && op.sources.empty()) {
    const RelabelRule::Made made = rule.make({});
    if (!made.matched) return true;
    op = {.kind = OpKind::Set,
          .target = op.target,
          .value = made.value,
          .escaped = escapeLabelValue(made.value)};
  }
  compiled_.ops_.push_back(std::move(op));
  return true;
}

// Returns false when several labels map to one, because the winner depends on which labels a sample
// has.
bool CompiledRules::Maker::addMap(const RelabelRule& rule) {
  Op copy{.kind = OpKind::Copy};
  const std::size_t before = texts_.size();
  std::vector<re2::StringPiece> groups;
  for (std::size_t slot = 0; slot < before; ++slot) {
    const std::string name = texts_[slot];
    rule.regex().match(name, groups);
    if (groups.empty()) continue;
    const std::string to = rule.regex().expand(rule.config().replacement, groups);
    if (to.empty()) continue;
    const std::size_t target = slotOf(to);
    const auto taken = [&](const auto& other) { return other.second == target; };
    if (std::any_of(copy.copies.begin(), copy.copies.end(), taken)) return false;
    copy.copies.emplace_back(slot, target);
  }
  compiled_.ops_.push_back(std::move(copy));
  return true;
}

std::optional<CompiledRules> CompiledRules::make(const RuleSet& rules, const Series& sample) {
  return Maker(rules, sample).make();
}

std::size_t CompiledRules::outcomesOf(const RuleSet& rules) {
  std::size_t outcomes = rules.relabel.size() + rules.config.anonymize.labels.size();
  for (const auto& selector : rules.match) outcomes += selector.matchers().size();
  return outcomes;
}

// Applies the program to one sample.
class CompiledRules::Run {
 public:
  Run(const CompiledRules& program, MatchCache& cache, std::vector<Slot>& slots, Scratch& scratch)
      : compiled_(program), cache_(cache), slots_(slots), scratch_(scratch) {}

  Relabeler::Effect run(const Series& sample);

 private:
  bool matches();
  bool apply(const Op& op);
  Atom& atomOf(std::size_t slot);
  std::string_view sourceOf(const Op& op);
  RuleOutcome& placeOf(const Op& op);
  const RuleOutcome& outcomeOf(const Op& op);
  void work(const Op& op, RuleOutcome& outcome);
  void assign(std::size_t slot, std::string_view value, std::string_view escaped, Atom* atom);
  void assign(std::size_t slot, Atom& atom) {
    if (slots_[slot].atom != &atom) assign(slot, atom.text, atom.escaped, &atom);
  }
  void copy(const Op& op);
  void anonymize(const Op& op);

  const CompiledRules& compiled_;
  MatchCache& cache_;
  std::vector<Slot>& slots_;
  Scratch& scratch_;
  std::string_view name_;  // the sample's own
  bool changed_ = false;
};

Relabeler::Effect CompiledRules::Run::run(const Series& sample) {
  if (cache_.startSample() || !sample.same_metric) scratch_.name = nullptr;
  slots_.resize(compiled_.names_.size());
  name_ = sample.name;
  slots_[kName] = {name_, name_, scratch_.name};
  std::size_t next = 1;
  for (const Label& label : sample.labels) slots_[next++] = {label.value, label.value};
  for (; next < slots_.size(); ++next) slots_[next] = {};
  if (!compiled_.matched_.empty() && !matches()) return Relabeler::Effect::Unmatched;
  for (const Op& op : compiled_.ops_) {
    if (!apply(op)) return Relabeler::Effect::Dropped;
  }
  if (!changed_) return Relabeler::Effect::Unchanged;
  const std::string_view name = slots_[kName].value;
  if (name.empty()) {
    const bool left = std::any_of(slots_.begin(), slots_.end(),
                                  [](const Slot& slot) { return !slot.value.empty(); });
    return left ? Relabeler::Effect::Refused : Relabeler::Effect::Dropped;
  }
  return name.find('\0') == name.npos ? Relabeler::Effect::Rewritten : Relabeler::Effect::Refused;
}

bool CompiledRules::Run::matches() {
  std::size_t rule = 0;
  bool found = false;
  for (std::size_t i = 0; i < compiled_.matched_.size() && !found; ++i) {
    const auto& matchers = compiled_.rules_->match[i].matchers();
    bool all = true;
    for (std::size_t j = 0; j < matchers.size() && all; ++j) {
      const std::size_t slot = compiled_.matched_[i][j];
      if (!matchers[j].regex) {
        all = matchers[j].matches(slots_[slot].value);
        continue;
      }
      RuleOutcome& outcome = atomOf(slot).outcomes[rule + j];
      if (!outcome.known) outcome = {true, matchers[j].matches(slots_[slot].value), nullptr};
      all = outcome.matched;
    }
    found = all;
    rule += matchers.size();
  }
  return found;
}

bool CompiledRules::Run::apply(const Op& op) {
  switch (op.kind) {
    case OpKind::Set: assign(op.target, op.value, op.escaped, nullptr); return true;
    case OpKind::Copy: copy(op); return true;
    case OpKind::Clear:
      for (const std::size_t slot : op.sources) assign(slot, {}, {}, nullptr);
      return true;
    case OpKind::Filter: return outcomeOf(op).matched;
    case OpKind::KeepEqual: return slots_[op.target].value == sourceOf(op);
    case OpKind::DropEqual: return slots_[op.target].value != sourceOf(op);
    case OpKind::Replace: {
      const RuleOutcome& outcome = outcomeOf(op);
      if (outcome.matched) assign(op.target, *outcome.made);
      return true;
    }
    case OpKind::Anonymize: anonymize(op); return true;
    case OpKind::Rename: {
      const auto& rename = compiled_.rules_->rename;
      const auto to = rename.find(slots_[kName].value);
      if (to != rename.end()) assign(kName, to->second, to->second, nullptr);
      return true;
    }
  }
  return true;
}

inline Atom& CompiledRules::Run::atomOf(std::size_t slot) {
  Slot& of = slots_[slot];
  if (of.atom != nullptr) return *of.atom;
  of.atom = &cache_.atomOf(of.value);
  if (slot == kName && of.value.data() == name_.data()) scratch_.name = of.atom;
  return *of.atom;
}

std::string_view CompiledRules::Run::sourceOf(const Op& op) {
  if (op.sources.size() == 1) return slots_[op.sources[0]].value;
  scratch_.joined.clear();
  for (std::size_t i = 0; i < op.sources.size(); ++i) {
    if (i > 0) scratch_.joined += op.rules[0]->config().separator;
    scratch_.joined += slots_[op.sources[i]].value;
  }
  return scratch_.joined;
}

inline RuleOutcome& CompiledRules::Run::placeOf(const Op& op) {
  if (op.sources.size() == 1) return atomOf(op.sources[0]).outcomes[op.outcomes];
  if (op.sources.size() == 2) {
    const Atom& first = atomOf(op.sources[0]);
    return cache_.of(op.outcomes, first, atomOf(op.sources[1]));
  }
  return cache_.atomOf(sourceOf(op)).outcomes[op.outcomes];
}

inline const RuleOutcome& CompiledRules::Run::outcomeOf(const Op& op) {
  RuleOutcome& outcome = placeOf(op);
  if (outcome.known) return outcome;
  work(op, outcome);
  return outcome;
}

// Applies the rules themselves. A sample passes a filter when it matches each `keep` and no `drop`.
void CompiledRules::Run::work(const Op& op, RuleOutcome& outcome) {
  const std::string source(sourceOf(op));
  if (op.kind != OpKind::Filter) {
    const RelabelRule::Made made = op.rules[0]->make(source);
    outcome = {true, made.matched, &cache_.atomOf(made.value)};
    return;
  }
  const bool passes = std::all_of(op.rules.begin(), op.rules.end(), [&](const RelabelRule* rule) {
    const bool keeps = rule->config().action == config::RelabelAction::Keep;
    return rule->regex().matches(source) == keeps;
  });
  outcome = {true, passes, nullptr};
}

// Field by field, because a copy of a slot that was just made would wait for the stores of its
// parts.
inline void CompiledRules::Run::assign(std::size_t slot, std::string_view value,
                                       std::string_view escaped, Atom* atom) {
  Slot& to = slots_[slot];
  if (to.value == value) return;
  to.value = value;
  to.escaped = escaped;
  to.atom = atom;
  changed_ = true;
}

// All of them see the earlier values. A missing label is not copied.
void CompiledRules::Run::copy(const Op& op) {
  if (op.copies.size() == 1) {
    const Slot& from = slots_[op.copies[0].first];
    if (!from.value.empty()) assign(op.copies[0].second, from.value, from.escaped, from.atom);
    return;
  }
  scratch_.before = slots_;
  for (const auto& [from, to] : op.copies) {
    const Slot& slot = scratch_.before[from];
    if (!slot.value.empty()) assign(to, slot.value, slot.escaped, slot.atom);
  }
}

void CompiledRules::Run::anonymize(const Op& op) {
  const Slot& slot = slots_[op.target];
  if (slot.value.empty()) return;
  RuleOutcome& outcome = atomOf(op.target).outcomes[op.outcomes];
  if (!outcome.known) {
    outcome = {true, true, &cache_.atomOf(compiled_.rules_->pseudonym(slot.value))};
  }
  assign(op.target, *outcome.made);
}

Relabeler::Effect CompiledRules::run(const Series& sample, MatchCache& cache,
                                     std::vector<Slot>& slots, Scratch& scratch) const {
  return Run(*this, cache, slots, scratch).run(sample);
}

}  // namespace postern::relabel
