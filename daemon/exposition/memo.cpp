#include "exposition/memo.h"

#include <algorithm>
#include <utility>

#include "exposition/hash.h"

namespace postern::exposition {

const Memo::Entry* Memo::find(std::string_view key) {
  // Most samples have what the one before them had.
  if (last_ < entries_.size() && entries_[last_].key == key) return &entries_[last_];
  if (entries_.empty()) return nullptr;
  const std::size_t at = place(hashText(key, 0), key);
  if (places_[at] == 0) return nullptr;
  last_ = places_[at] - 1;
  return &entries_[last_];
}

const Memo::Entry& Memo::keep(Entry entry) {
  const std::size_t size =
      sizeof(Entry) + 8 + entry.key.size() + entry.value.size() + entry.escaped.size();
  if (bytes_ + size > most_bytes_) {
    entries_.clear();
    std::fill(places_.begin(), places_.end(), 0);
    bytes_ = 0;
  }
  if (entries_.size() * 2 >= places_.size()) grow();
  bytes_ += size;
  entry.hash = hashText(entry.key, 0);
  places_[place(entry.hash, entry.key)] = static_cast<std::uint32_t>(entries_.size() + 1);
  last_ = entries_.size();
  return entries_.emplace_back(std::move(entry));
}

// Where the key is, or would be.
std::size_t Memo::place(std::uint64_t hash, std::string_view key) const {
  const std::size_t mask = places_.size() - 1;
  std::size_t at = hash & mask;
  while (places_[at] != 0) {
    const Entry& entry = entries_[places_[at] - 1];
    if (entry.hash == hash && entry.key == key) break;
    at = (at + 1) & mask;
  }
  return at;
}

void Memo::grow() {
  constexpr std::size_t kFirst = 64;
  places_.assign(std::max(kFirst, places_.size() * 2), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    places_[place(entries_[i].hash, entries_[i].key)] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace postern::exposition
