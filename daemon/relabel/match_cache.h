#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::relabel {

struct Atom;

// The result of a rule for a text.
struct RuleOutcome {
  bool known = false;  // false: the rule has not processed it yet
  bool matched = false;
  Atom* made = nullptr;  // null: the rule makes no text
};

// A text that rules read or make.
struct Atom {
  std::string text;
  std::string escaped;  // escaped as on a page
  std::uint64_t hash = 0;
  std::uint32_t number = 0;
  std::vector<RuleOutcome> outcomes;  // by rule
};

// A cache of the results of rules by text, so that no rule runs twice for the same text. Stores
// each text once. Not thread-safe.
class MatchCache {
 public:
  // The results for one sample may exceed `most_bytes`.
  MatchCache(std::size_t rules, std::size_t most_bytes);

  // Call before each sample. True: the cache was full, and all atoms and outcomes have been
  // deleted.
  bool startSample() {
    if (bytes_ <= most_bytes_) return false;
    forget();
    return true;
  }
  Atom& atomOf(std::string_view text);
  // The result of a rule for two texts that it joins. Valid until the next call.
  RuleOutcome& of(std::size_t rule, const Atom& first, const Atom& second);

 private:
  struct Pair {
    std::uint64_t key = 0;  // the numbers of both; 0: free
    RuleOutcome outcome;
  };
  struct Pairs {  // open addressing, at most half full
    std::vector<Pair> places;
    std::size_t filled = 0;
  };

  static Pair& find(std::vector<Pair>& places, std::uint64_t key) {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15U;
    const std::size_t mask = places.size() - 1;
    std::size_t at = (key * kSpread >> 32) & mask;
    while (places[at].key != key && places[at].key != 0) at = (at + 1) & mask;
    return places[at];
  }
  void forget();
  void growAtoms();

  const std::size_t rules_;
  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::vector<std::unique_ptr<Atom>> atoms_;  // their numbers count from 1
  std::vector<Atom*> places_;                 // open addressing by hash, at most half full
  std::vector<Pairs> pairs_;                  // by rule
};

}  // namespace postern::relabel
