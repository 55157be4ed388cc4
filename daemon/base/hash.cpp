#include "base/hash.h"

#include <algorithm>
#include <utility>

namespace postern {

void HashSet::clear() {
  std::fill(slots_.begin(), slots_.end(), 0);
  filled_ = 0;
}

bool HashSet::grow() {
  constexpr std::size_t kFirst = 1024;
  if (slots_.size() >= most_slots_) return false;
  const auto old = std::exchange(slots_, std::vector<std::uint64_t>(std::min(
                                             most_slots_, std::max(kFirst, slots_.size() * 16))));
  most_filled_ = slots_.size() / 8 * 7;
  for (const std::uint64_t hash : old) {
    if (hash != 0) slotOf(hash) = hash;
  }
  return true;
}

}  // namespace postern
