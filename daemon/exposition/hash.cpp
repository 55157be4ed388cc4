#include "exposition/hash.h"

#include <algorithm>
#include <utility>

namespace postern::exposition {

HashSet::Added HashSet::add(std::uint64_t hash) {
  if (hash == 0) hash = 1;
  // At most seven of eight slots are filled, or the search for a free one would take long.
  if (filled_ >= slots_.size() / 8 * 7 && slots_.size() < most_slots_) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) {
    if (slots_[at] == hash) return Added::Known;
    at = (at + 1) & mask;
  }
  if (filled_ >= slots_.size() / 8 * 7) return Added::Full;
  slots_[at] = hash;
  ++filled_;
  return Added::Fresh;
}

void HashSet::clear() {
  std::fill(slots_.begin(), slots_.end(), 0);
  filled_ = 0;
}

void HashSet::grow() {
  constexpr std::size_t kFirst = 1024;
  const auto old = std::exchange(slots_, std::vector<std::uint64_t>(std::min(
                                             most_slots_, std::max(kFirst, slots_.size() * 16))));
  const std::size_t mask = slots_.size() - 1;
  for (const std::uint64_t hash : old) {
    if (hash == 0) continue;
    std::size_t at = hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = hash;
  }
}

}  // namespace postern::exposition
