#include "exposition/program.h"

#include <algorithm>
#include <utility>

#include "exposition/families.h"
#include "exposition/hash.h"
#include "exposition/text_line.h"

namespace postern::exposition {
namespace {

constexpr std::size_t kName = 0;  // the slot of the metric's name

bool hasVariable(std::string_view pattern) {
  return pattern.find('$') != std::string_view::npos;
}

}  // namespace

class Program::Maker {
 public:
  Maker(const Rules::Compiled& rules, const Line& sample) : rules_(rules) {
    program_.rules_ = &rules;
    texts_.emplace_back(LabelSet::kMetricName);
    present_.push_back(true);
    for (const Label& label : sample.labels) {
      texts_.emplace_back(label.name);
      present_.push_back(!label.value.empty());
    }
  }

  std::optional<Program> make();

 private:
  std::size_t slotOf(const std::string& name);
  void addLabels();
  bool addRule(const RelabelRule& rule, std::size_t memo);
  bool addMap(const RelabelRule& rule);

  const Rules::Compiled& rules_;
  Program program_;
  std::vector<std::string> texts_;  // names of slots, without escapes
  std::vector<bool> present_;       // before the first rule
};

std::size_t Program::Maker::slotOf(const std::string& name) {
  const auto found = std::find(texts_.begin(), texts_.end(), name);
  if (found != texts_.end()) return static_cast<std::size_t>(found - texts_.begin());
  texts_.push_back(name);
  present_.push_back(false);
  return texts_.size() - 1;
}

std::optional<Program> Program::Maker::make() {
  std::size_t memo = 0;
  for (const auto& selector : rules_.match) {
    auto& slots = program_.matched_.emplace_back();
    for (const auto& matcher : selector.matchers()) slots.push_back(slotOf(matcher.config.name));
    memo += slots.size();
  }
  addLabels();
  for (const RelabelRule& rule : rules_.relabel) {
    if (!addRule(rule, memo++)) return std::nullopt;
  }
  if (!rules_.rename.empty()) program_.ops_.push_back({.kind = Kind::Rename, .target = kName});
  for (const auto& label : rules_.config.anonymize.labels) {
    program_.ops_.push_back({.kind = Kind::Anonymize, .target = slotOf(label), .memo = memo++});
  }
  for (const std::string& text : texts_) {
    const bool plain = isPlainLabelName(text);
    const std::string shown = plain ? text : escapeLabelValue(text);
    const std::string quote = plain ? "" : "\"";
    program_.names_.push_back(
        {shown, !plain, "," + quote + shown + quote + "=\"", hashLabelName(shown)});
  }
  return std::move(program_);
}

// As Rules::Compiled::addLabels.
void Program::Maker::addLabels() {
  std::vector<std::size_t> conflicting;
  std::vector<Op> sets;
  for (const auto& [name, value] : rules_.config.labels) {
    const std::size_t slot = slotOf(name);
    if (present_[slot] && rules_.config.honor_labels) continue;
    if (present_[slot]) conflicting.push_back(slot);
    present_[slot] = true;
    sets.push_back(
        {.kind = Kind::Set, .target = slot, .value = value, .escaped = escapeLabelValue(value)});
  }
  std::stable_sort(conflicting.begin(), conflicting.end(), [&](std::size_t a, std::size_t b) {
    return texts_[a].size() < texts_[b].size();
  });
  Op copy{.kind = Kind::Copy};
  for (const std::size_t slot : conflicting) {
    std::string name = "exported_" + texts_[slot];
    while (present_[slotOf(name)]) name.insert(0, "exported_");
    present_[slotOf(name)] = true;
    copy.copies.emplace_back(slot, slotOf(name));
  }
  if (!copy.copies.empty()) program_.ops_.push_back(std::move(copy));
  for (Op& set : sets) program_.ops_.push_back(std::move(set));
}

// False when the rule cannot be made ready.
bool Program::Maker::addRule(const RelabelRule& rule, std::size_t memo) {
  using enum config::RelabelAction;
  const auto& config = rule.config();
  if (config.action == Replace && hasVariable(config.target_label)) return false;
  if (config.action == LabelMap) {
    return addMap(rule);
  }
  if (config.action == LabelDrop || config.action == LabelKeep) {
    Op clear{.kind = Kind::Clear};
    for (std::size_t slot = 0; slot < texts_.size(); ++slot) {
      const bool matches = rule.regex().matches(texts_[slot]);
      if (matches == (config.action == LabelDrop)) clear.sources.push_back(slot);
    }
    program_.ops_.push_back(std::move(clear));
    return true;
  }
  Op op{.kind = Kind::Rule, .memo = memo, .rule = &rule};
  for (const auto& label : config.source_labels) op.sources.push_back(slotOf(label));
  if (!config.target_label.empty()) op.target = slotOf(config.target_label);
  program_.ops_.push_back(std::move(op));
  return true;
}

// False when several labels map to one: which of them wins depends on which there are.
bool Program::Maker::addMap(const RelabelRule& rule) {
  Op copy{.kind = Kind::Copy};
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
  program_.ops_.push_back(std::move(copy));
  return true;
}

std::optional<Program> Program::make(const Rules::Compiled& rules, const Line& sample) {
  return Maker(rules, sample).make();
}

std::size_t Program::memosOf(const Rules::Compiled& rules) {
  std::size_t memos = rules.relabel.size() + rules.config.anonymize.labels.size();
  for (const auto& selector : rules.match) memos += selector.matchers().size();
  return memos;
}

// One sample on its way through.
class Program::Run {
 public:
  Run(const Program& program, std::vector<Memo>& memos, std::vector<Slot>& slots, Scratch& scratch)
      : program_(program), memos_(memos), slots_(slots), scratch_(scratch) {}

  Reshaper::Verdict run(const Line& sample);

 private:
  bool matches();
  bool apply(const Op& op);
  bool applyRule(const Op& op);
  std::string_view sourceOf(const Op& op);
  void assign(std::size_t slot, std::string_view value, std::string_view escaped);
  void copy(const Op& op);
  void anonymize(const Op& op);
  const Memo::Entry& made(const Op& op, std::string_view source);

  const Program& program_;
  std::vector<Memo>& memos_;
  std::vector<Slot>& slots_;
  Scratch& scratch_;
  bool changed_ = false;
};

Reshaper::Verdict Program::Run::run(const Line& sample) {
  slots_.assign(program_.names_.size(), {});
  slots_[kName] = {sample.name, sample.name};
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    slots_[i + 1] = {sample.labels[i].value, sample.labels[i].value};
  }
  if (!program_.matched_.empty() && !matches()) return Reshaper::Verdict::Unmatched;
  for (const Op& op : program_.ops_) {
    if (!apply(op)) return Reshaper::Verdict::Dropped;
  }
  if (!changed_) return Reshaper::Verdict::Unchanged;
  const std::string_view name = slots_[kName].value;
  if (name.empty()) {
    const bool left = std::any_of(slots_.begin(), slots_.end(),
                                  [](const Slot& slot) { return !slot.value.empty(); });
    return left ? Reshaper::Verdict::Refused : Reshaper::Verdict::Dropped;
  }
  return name.find('\0') == name.npos ? Reshaper::Verdict::Rewritten : Reshaper::Verdict::Refused;
}

bool Program::Run::matches() {
  std::size_t memo = 0;
  bool found = false;
  for (std::size_t i = 0; i < program_.matched_.size() && !found; ++i) {
    const auto& matchers = program_.rules_->match[i].matchers();
    bool all = true;
    for (std::size_t j = 0; j < matchers.size() && all; ++j) {
      const std::string_view value = slots_[program_.matched_[i][j]].value;
      if (!matchers[j].regex) {
        all = matchers[j].matches(value);
        continue;
      }
      const Memo::Entry* known = memos_[memo + j].find(value);
      if (known == nullptr) {
        known = &memos_[memo + j].keep({.key = std::string(value),
                                        .matched = matchers[j].matches(value),
                                        .value = {},
                                        .escaped = {}});
      }
      all = known->matched;
    }
    found = all;
    memo += matchers.size();
  }
  return found;
}

bool Program::Run::apply(const Op& op) {
  switch (op.kind) {
    case Kind::Set: assign(op.target, op.value, op.escaped); return true;
    case Kind::Copy: copy(op); return true;
    case Kind::Clear:
      for (const std::size_t slot : op.sources) assign(slot, {}, {});
      return true;
    case Kind::Anonymize: anonymize(op); return true;
    case Kind::Rename: {
      const auto& rename = program_.rules_->rename;
      const auto to = rename.find(slots_[kName].value);
      if (to != rename.end()) assign(kName, to->second, to->second);
      return true;
    }
    case Kind::Rule: break;
  }
  return applyRule(op);
}

bool Program::Run::applyRule(const Op& op) {
  using enum config::RelabelAction;
  const std::string_view source = sourceOf(op);
  const auto action = op.rule->config().action;
  if (action == KeepEqual) return slots_[op.target].value == source;
  if (action == DropEqual) return slots_[op.target].value != source;
  const Memo::Entry& entry = made(op, source);
  if (action == Keep) return entry.matched;
  if (action == Drop) return !entry.matched;
  if (entry.matched) {
    assign(op.target, entry.value, entry.escaped.empty() ? entry.value : entry.escaped);
  }
  return true;
}

std::string_view Program::Run::sourceOf(const Op& op) {
  if (op.sources.size() == 1) return slots_[op.sources[0]].value;
  scratch_.joined.clear();
  for (std::size_t i = 0; i < op.sources.size(); ++i) {
    if (i > 0) scratch_.joined += op.rule->config().separator;
    scratch_.joined += slots_[op.sources[i]].value;
  }
  return scratch_.joined;
}

const Memo::Entry& Program::Run::made(const Op& op, std::string_view source) {
  Memo& memo = memos_[op.memo];
  if (const Memo::Entry* known = memo.find(source)) return *known;
  Memo::Entry entry{.key = std::string(source), .value = {}, .escaped = {}};
  RelabelRule::Made made = op.rule->make(entry.key);
  entry.matched = made.matched;
  entry.value = std::move(made.value);
  std::string escaped = escapeLabelValue(entry.value);
  if (escaped != entry.value) entry.escaped = std::move(escaped);
  return memo.keep(std::move(entry));
}

void Program::Run::assign(std::size_t slot, std::string_view value, std::string_view escaped) {
  if (slots_[slot].value == value) return;
  slots_[slot] = {value, escaped};
  changed_ = true;
}

// All of them see the values that were there before; a label that is none is not copied.
void Program::Run::copy(const Op& op) {
  if (op.copies.size() == 1) {
    const Slot from = slots_[op.copies[0].first];
    if (!from.value.empty()) assign(op.copies[0].second, from.value, from.escaped);
    return;
  }
  scratch_.before = slots_;
  for (const auto& [from, to] : op.copies) {
    const Slot& slot = scratch_.before[from];
    if (!slot.value.empty()) assign(to, slot.value, slot.escaped);
  }
}

void Program::Run::anonymize(const Op& op) {
  const std::string_view value = slots_[op.target].value;
  if (value.empty()) return;
  Memo& memo = memos_[op.memo];
  const Memo::Entry* known = memo.find(value);
  if (known == nullptr) {
    known = &memo.keep(
        {.key = std::string(value), .value = program_.rules_->pseudonym(value), .escaped = {}});
  }
  assign(op.target, known->value, known->value);
}

Reshaper::Verdict Program::run(const Line& sample, std::vector<Memo>& memos,
                               std::vector<Slot>& slots, Scratch& scratch) const {
  return Run(*this, memos, slots, scratch).run(sample);
}

}  // namespace postern::exposition
