#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "exposition/bytes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

// The search within a line, inline and a vector at a time: sixteen bytes with the instructions that
// every x86-64 (SSE2) and every arm64 (NEON) has, eight elsewhere. Label values are half of a page,
// and most are shorter than sixteen bytes, so wider vectors gain nothing. For whole blocks libc's
// memchr and simdjson's validate_utf8 select the widest vectors at run time.
namespace postern::exposition {

inline const char* findInValueBytewise(const char* p, const char* end) {
  while (p != end && *p != '"' && *p != '\\' && *p != '\n') ++p;
  return p;
}

// Eight bytes at a time, on any little-endian machine.
inline const char* findInValuePortable(const char* p, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    for (; end - p >= 8; p += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof(word));
      const std::uint64_t quote = word ^ (kOnes * '"');
      const std::uint64_t backslash = word ^ (kOnes * '\\');
      const std::uint64_t newline = word ^ (kOnes * '\n');
      // The lowest set bit belongs to the first byte that became zero.
      const std::uint64_t found = (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) |
                                   ((newline - kOnes) & ~newline)) &
                                  (kOnes * 0x80);
      if (found != 0) return p + (std::countr_zero(found) >> 3);
    }
  }
  return findInValueBytewise(p, end);
}

// How many of the first bytes at `p` equal those of `known`. Requires that the size of `known` plus
// eight bytes can be read at both.
inline std::size_t commonPrefix(const char* p, std::string_view known) {
  std::size_t same = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; same < known.size(); same += 8) {
      std::uint64_t differing = 0;
      std::uint64_t word = 0;
      std::memcpy(&differing, p + same, sizeof(differing));
      std::memcpy(&word, known.data() + same, sizeof(word));
      differing ^= word;
      if (differing == 0) continue;
      same += static_cast<std::size_t>(std::countr_zero(differing)) >> 3;
      break;
    }
    return std::min(same, known.size());
  }
  while (same < known.size() && p[same] == known[same]) ++same;
  return same;
}

// The position after the digits that begin at `p`. Requires a byte before `end` that is not a
// digit.
inline const char* skipDigits(const char* p, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    for (; end - p >= 8; p += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof(word));
      word ^= kOnes * '0';
      // Sets the highest bit of every byte above nine. A carry may set it only in later bytes.
      const std::uint64_t found = (word | (word + kOnes * (0x80 - 10))) & (kOnes * 0x80);
      if (found != 0) return p + (std::countr_zero(found) >> 3);
    }
  }
  while (*p >= '0' && *p <= '9') ++p;
  return p;
}

// The position after an exponent of at most two digits, with which no value is too large; else
// returns `e`.
inline const char* skipExponent(const char* e) {
  const char* digits = e + 1;
  if (*digits == '+' || *digits == '-') ++digits;
  const char* p = digits;
  while (is(*p, kDigit) && p - digits < 2) ++p;
  return p == digits ? e : p;
}

// The position after a number of digits with a point and a small exponent, like nearly all values;
// null for any other text. Requires the same as skipDigits().
inline const char* skipPlainNumber(const char* p, const char* end) {
  const char* const digits = *p == '-' ? p + 1 : p;
  p = skipDigits(digits, end);
  if (p == digits) return nullptr;
  if (*p == '.') p = skipDigits(p + 1, end);
  return *p == 'e' ? skipExponent(p) : p;
}

// The position of the first quote, backslash or line end, or `end`.
inline const char* findInValue(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i newline = _mm_set1_epi8('\n');
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(bytes, newline));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#elif defined(__aarch64__) && defined(__ARM_NEON)
  const uint8x16_t quote = vdupq_n_u8('"');
  const uint8x16_t backslash = vdupq_n_u8('\\');
  const uint8x16_t newline = vdupq_n_u8('\n');
  for (; end - p >= 16; p += 16) {
    const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(p));
    const uint8x16_t found = vorrq_u8(vorrq_u8(vceqq_u8(bytes, quote), vceqq_u8(bytes, backslash)),
                                      vceqq_u8(bytes, newline));
    // Four bits for each byte, because NEON has no movemask.
    const std::uint64_t mask =
        vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
    if (mask != 0) return p + (std::countr_zero(mask) >> 2);
  }
#endif
  return findInValuePortable(p, end);
}

}  // namespace postern::exposition
