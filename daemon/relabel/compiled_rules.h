#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relabel/match_cache.h"
#include "relabel/rule_set.h"
#include "relabel/series.h"

namespace postern::relabel {

// The rules of a target, compiled for samples with the same labels. Every label has a slot, so that
// no name is searched, and the result of a rule for a value comes from the cache. Belongs to one
// relabeler. Not thread-safe.
class CompiledRules {
 public:
  // The value of a label, escaped as on a page, and unescaped; empty: the label is missing.
  struct Slot {
    std::string_view value;
    std::string_view escaped;
    Atom* atom = nullptr;  // of the value; null: not looked up yet
  };
  struct Name {
    std::string text;        // escaped if it is quoted
    std::string prefix;      // precedes its value after another label: ",name="
    Label label;             // of this name, without a value
    std::uint64_t hash = 0;  // hashLabelName(text)
  };

  // Not set when the rules may make names from values, or map several labels to one. Requires a
  // sample without quoted names. The rules must outlive the object.
  static std::optional<CompiledRules> make(const RuleSet& rules, const Series& sample);
  // Number of rules with results in the cache.
  static std::size_t outcomesOf(const RuleSet& rules);

  // Memory that run() reuses for each sample.
  struct Scratch {
    std::string joined;
    std::vector<Slot> before;
    Atom* name = nullptr;  // of the last sample's metric; null: not looked up yet
  };

  // Requires labels with these names, the same ones empty, and no escapes. Returns Unchanged,
  // Rewritten, Unmatched, Dropped or Refused. `slots` is the result of the rules, the metric's name
  // first.
  Relabeler::Effect run(const Series& sample, MatchCache& cache, std::vector<Slot>& slots,
                        Scratch& scratch) const;
  // One of each slot.
  const std::vector<Name>& names() const { return names_; }

 private:
  enum class OpKind {
    Set,
    Copy,
    Clear,
    Filter,  // consecutive keep and drop rules that look at the same labels
    KeepEqual,
    DropEqual,
    Replace,
    Rename,
    Anonymize,
  };
  struct Op {
    OpKind kind;
    std::size_t target = 0;
    std::vector<std::size_t> sources = {};  // slots
    std::size_t outcomes = 0;               // index of the rule's results in the cache
    std::vector<const RelabelRule*> rules = {};
    std::string value = {};                                        // of Set
    std::string escaped = {};                                      // of Set
    std::vector<std::pair<std::size_t, std::size_t>> copies = {};  // of Copy: from and to
  };
  class Maker;
  class Run;

  const RuleSet* rules_ = nullptr;
  std::vector<Name> names_;
  std::vector<std::vector<std::size_t>> matched_;  // the slots of each selector's matchers
  std::vector<Op> ops_;
};

}  // namespace postern::relabel
