#include "relabel/match_cache.h"

#include <utility>

#include "base/hash.h"
#include "base/metric_text.h"

namespace postern::relabel {
namespace {

constexpr std::size_t kFirstAtoms = 256;
constexpr std::size_t kFirstPairs = 64;

}  // namespace

MatchCache::MatchCache(std::size_t rules, std::size_t most_bytes)
    : rules_(rules), most_bytes_(most_bytes) {
  forget();
}

void MatchCache::forget() {
  atoms_.clear();
  places_.assign(kFirstAtoms, nullptr);
  pairs_.assign(rules_, {});
  bytes_ = 0;
}

Atom& MatchCache::atomOf(std::string_view text) {
  const std::uint64_t hash = hashText(text, 0);
  const std::size_t mask = places_.size() - 1;
  std::size_t at = hash & mask;
  for (; places_[at] != nullptr; at = (at + 1) & mask) {
    if (places_[at]->hash == hash && places_[at]->text == text) return *places_[at];
  }
  const auto number = static_cast<std::uint32_t>(atoms_.size() + 1);
  Atom& atom = *atoms_.emplace_back(std::make_unique<Atom>(Atom{
      std::string(text), escapeLabelValue(text), hash, number, std::vector<RuleOutcome>(rules_)}));
  bytes_ += sizeof(Atom) + rules_ * sizeof(RuleOutcome) + 2 * text.size() + 4 * sizeof(void*);
  places_[at] = &atom;
  if (atoms_.size() * 2 > places_.size()) growAtoms();
  return atom;
}

void MatchCache::growAtoms() {
  places_.assign(places_.size() * 2, nullptr);
  const std::size_t mask = places_.size() - 1;
  for (const auto& atom : atoms_) {
    std::size_t at = atom->hash & mask;
    while (places_[at] != nullptr) at = (at + 1) & mask;
    places_[at] = atom.get();
  }
}

RuleOutcome& MatchCache::of(std::size_t rule, const Atom& first, const Atom& second) {
  const std::uint64_t key = std::uint64_t{first.number} << 32 | second.number;
  auto& [places, filled] = pairs_[rule];
  if (!places.empty()) {
    Pair& pair = find(places, key);
    if (pair.key == key) return pair.outcome;
  }
  if (++filled * 2 > places.size()) {
    const auto old =
        std::exchange(places, std::vector<Pair>(places.empty() ? kFirstPairs : places.size() * 2));
    for (const Pair& pair : old) {
      if (pair.key != 0) find(places, pair.key) = pair;
    }
  }
  bytes_ += 2 * sizeof(Pair);
  Pair& fresh = find(places, key);
  fresh.key = key;
  return fresh.outcome;
}

}  // namespace postern::relabel
