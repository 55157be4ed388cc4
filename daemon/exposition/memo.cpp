#include "exposition/memo.h"

#include <utility>

#include "exposition/families.h"
#include "exposition/hash.h"

namespace postern::exposition {
namespace {

constexpr std::size_t kFirstAtoms = 256;
constexpr std::size_t kFirstEntries = 64;

}  // namespace

Memo::Memo(std::size_t rules, std::size_t most_bytes) : most_bytes_(most_bytes), tables_(rules) {
  forget();
}

void Memo::forget() {
  atoms_.clear();
  places_.assign(kFirstAtoms, nullptr);
  for (Table& table : tables_) {
    table = {std::vector<Entry>(kFirstEntries), kFirstEntries - 1, 0};
  }
  bytes_ = 0;
  atomOf({});
}

const Atom& Memo::atomOf(std::string_view text) {
  if (text.empty() && !atoms_.empty()) return nothing();
  const std::uint64_t hash = hashText(text, 0);
  const std::size_t mask = places_.size() - 1;
  std::size_t at = hash & mask;
  for (; places_[at] != nullptr; at = (at + 1) & mask) {
    if (places_[at]->hash == hash && places_[at]->text == text) return *places_[at];
  }
  const auto number = static_cast<std::uint32_t>(atoms_.size());
  const auto& atom = atoms_.emplace_back(
      std::make_unique<const Atom>(Atom{std::string(text), escapeLabelValue(text), hash, number}));
  bytes_ += sizeof(Atom) + 2 * text.size() + 4 * sizeof(void*);
  places_[at] = atom.get();
  if (atoms_.size() * 2 > places_.size()) growAtoms();
  return *atom;
}

void Memo::growAtoms() {
  places_.assign(places_.size() * 2, nullptr);
  const std::size_t mask = places_.size() - 1;
  for (const auto& atom : atoms_) {
    std::size_t at = atom->hash & mask;
    while (places_[at] != nullptr) at = (at + 1) & mask;
    places_[at] = atom.get();
  }
}

const Memo::Outcome& Memo::keep(std::size_t rule, std::uint64_t key, const Outcome& outcome) {
  Table& table = tables_[rule];
  if (++table.filled * 2 > table.entries.size()) growTable(table);
  std::size_t at = place(key, table);
  while (table.entries[at].key != kFree) at = (at + 1) & table.mask;
  table.entries[at] = {key, outcome};
  bytes_ += 2 * sizeof(Entry);
  return table.entries[at].outcome;
}

void Memo::growTable(Table& table) {
  const auto old = std::exchange(table.entries, std::vector<Entry>(table.entries.size() * 2));
  table.mask = table.entries.size() - 1;
  for (const Entry& entry : old) {
    if (entry.key == kFree) continue;
    std::size_t at = place(entry.key, table);
    while (table.entries[at].key != kFree) at = (at + 1) & table.mask;
    table.entries[at] = entry;
  }
}

}  // namespace postern::exposition
