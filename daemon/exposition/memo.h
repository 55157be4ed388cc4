#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::exposition {

// A text that rules look at or make.
struct Atom {
  std::string text;
  std::string escaped;  // as on a page
  std::uint64_t hash = 0;
  std::uint32_t number = 0;
};

// What rules made of the texts they have seen of late, so that none of them looks again. Each text
// is kept once, so that a rule is asked with a number. Not thread-safe.
class Memo {
 public:
  struct Outcome {
    bool matched = false;
    const Atom* made = nullptr;  // null: the rule makes no text
  };

  // `most_bytes` may be passed by what the rules make of one sample.
  Memo(std::size_t rules, std::size_t most_bytes);

  // Before each sample. True: there were too many, and all atoms and outcomes have died.
  bool startSample() {
    if (bytes_ <= most_bytes_) return false;
    forget();
    return true;
  }
  const Atom& atomOf(std::string_view text);
  // Of the empty text.
  const Atom& nothing() const { return *atoms_.front(); }

  // By the number of an atom, or two in one. Null: not known. The outcome dies with the next
  // keep().
  const Outcome* find(std::size_t rule, std::uint64_t key) const {
    const Table& table = tables_[rule];
    for (std::size_t at = place(key, table);; at = (at + 1) & table.mask) {
      const Entry& entry = table.entries[at];
      if (entry.key == key) return &entry.outcome;
      if (entry.key == kFree) return nullptr;
    }
  }
  const Outcome& keep(std::size_t rule, std::uint64_t key, const Outcome& outcome);

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};
  struct Entry {
    std::uint64_t key = kFree;
    Outcome outcome;
  };
  struct Table {  // open addressing, at most half full
    std::vector<Entry> entries;
    std::size_t mask = 0;
    std::size_t filled = 0;
  };

  static std::size_t place(std::uint64_t key, const Table& table) {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15U;
    return (key * kSpread >> 32) & table.mask;
  }
  void forget();
  void growAtoms();
  void growTable(Table& table);

  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::vector<std::unique_ptr<const Atom>> atoms_;  // by their numbers
  std::vector<const Atom*> places_;                 // open addressing by hash, at most half full
  std::vector<Table> tables_;                       // by rule
};

}  // namespace postern::exposition
