#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace postern {

// Mixes two words into one, like the multiplication of wyhash (public domain).
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// A fast hash for short texts, without resistance to attackers.
inline std::uint64_t hashText(std::string_view text, std::uint64_t seed) {
  constexpr std::uint64_t kFirst = 0xa0761d6478bd642fU;
  constexpr std::uint64_t kSecond = 0xe7037ed1a0b428dbU;
  constexpr std::uint64_t kThird = 0x9e3779b97f4a7c15U;
  const auto load = [](const char* p, std::size_t bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, bytes);
    return word;
  };
  const char* p = text.data();
  std::size_t left = text.size();
  std::uint64_t hash = (seed ^ kFirst) + text.size() * kThird;
  for (; left > 16; left -= 16, p += 16) hash = mix(load(p, 8) ^ kSecond, load(p + 8, 8) ^ hash);
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (left >= 8) {  // the two words overlap
    low = load(p, 8);
    high = load(p + left - 8, 8);
  } else if (left >= 4) {
    low = load(p, 4);
    high = load(p + left - 4, 4);
  } else if (left > 0) {
    low = load(p, 1) << 16 | load(p + left / 2, 1) << 8 | load(p + left - 1, 1);
  }
  return mix(low ^ kSecond, high ^ hash);
}

// Hash of a label's name. It is the seed for the hashes of the label's values.
inline std::uint64_t hashLabelName(std::string_view name) {
  return hashText(name, 1);
}

// A set of 64-bit hashes with bounded memory. Two different things may share a hash: with 100,000
// of them the probability is one in 3.7 billion. Not thread-safe.
class HashSet {
 public:
  // `most_bytes` is a power of two.
  explicit HashSet(std::size_t most_bytes) : most_slots_(most_bytes / sizeof(std::uint64_t)) {}

  enum class Added { Fresh, Known, Full };
  Added add(std::uint64_t hash) {
    if (hash == 0) hash = 1;
    if (filled_ >= most_filled_ && !grow())
      return slotOf(hash) == hash ? Added::Known : Added::Full;
    std::uint64_t& slot = slotOf(hash);
    if (slot == hash) return Added::Known;
    slot = hash;
    ++filled_;
    return Added::Fresh;
  }
  bool contains(std::uint64_t hash) const {
    if (hash == 0) hash = 1;
    if (slots_.empty()) return false;
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & mask;
    return slots_[at] == hash;
  }
  // Whether add() accepts this many more.
  bool hasRoom(std::size_t more) const { return filled_ + more <= most_slots_ / 8 * 7; }
  // Prefetches the slot of a hash for add(), because the set is larger than the nearest cache.
  void expect(std::uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)], 1);
  }
  void clear();

 private:
  // The slot of the hash, or the free slot where it belongs.
  std::uint64_t& slotOf(std::uint64_t hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & mask;
    return slots_[at];
  }
  bool grow();  // false: the bound is reached

  std::size_t most_slots_;
  // At most seven of eight slots are filled. Otherwise the search for a free one would take long.
  std::size_t most_filled_ = 0;
  std::size_t filled_ = 0;
  std::vector<std::uint64_t> slots_;  // open addressing; 0: free
};

}  // namespace postern
