#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/line.h"
#include "exposition/memo.h"
#include "exposition/rules.h"

namespace postern::exposition {

// The rules of a target made ready for samples with the same labels: every label has a slot, so
// that no name is looked for, and what a rule made of a value is looked up in the memo. Belongs to
// one reshaper. Not thread-safe.
class Program {
 public:
  // The value of a label; empty: there is none. Escaped as on a page, and without escapes.
  struct Slot {
    std::string_view value;
    std::string_view escaped;
    Atom* atom = nullptr;  // of the value; null: not looked for
  };
  struct Name {
    std::string text;        // escaped where it is quoted
    std::string prefix;      // of its value behind another one: ",name="
    Label label;             // of this name, without a value
    std::uint64_t hash = 0;  // hashLabelName(text)
  };

  // None when the rules may make names of values, or map several labels to one. Requires a sample
  // without names in quotes. The rules must outlive the program.
  static std::optional<Program> make(const Rules::Compiled& rules, const Line& sample);
  // Of how many rules the memo keeps outcomes.
  static std::size_t outcomesOf(const Rules::Compiled& rules);

  // Room that run() uses again for each sample.
  struct Scratch {
    std::string joined;
    std::vector<Slot> before;
    Atom* name = nullptr;  // of the last sample's metric; null: not looked for
  };

  // Requires labels of these names, the same ones empty, and no escapes. Unchanged, Rewritten,
  // Unmatched, Dropped or Refused; `slots` is what the rules left, the metric's name first.
  Reshaper::Verdict run(const Line& sample, Memo& memo, std::vector<Slot>& slots,
                        Scratch& scratch) const;
  // Of each slot.
  const std::vector<Name>& names() const { return names_; }

 private:
  enum class Kind {
    Set,
    Copy,
    Clear,
    Filter,  // by keep and drop rules in a row that look at the same labels
    KeepEqual,
    DropEqual,
    Replace,
    Rename,
    Anonymize,
  };
  struct Op {
    Kind kind;
    std::size_t target = 0;
    std::vector<std::size_t> sources = {};  // slots
    std::size_t outcomes = 0;               // of which rule the memo keeps these
    std::vector<const RelabelRule*> rules = {};
    std::string value = {};                                        // of Set
    std::string escaped = {};                                      // of Set
    std::vector<std::pair<std::size_t, std::size_t>> copies = {};  // of Copy: from and to
  };
  class Maker;
  class Run;

  const Rules::Compiled* rules_ = nullptr;
  std::vector<Name> names_;
  std::vector<std::vector<std::size_t>> matched_;  // the slots of each selector's matchers
  std::vector<Op> ops_;
};

}  // namespace postern::exposition
