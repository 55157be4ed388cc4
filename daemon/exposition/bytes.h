#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"

// Classes of single bytes, for the line parsers and the readers of numbers.
namespace postern::exposition {

enum : std::uint8_t {
  kMetricStart = 1,
  kMetric = 2,
  kLabelStart = 4,
  kLabel = 8,
  kDigit = 16,
  kBlank = 32,
  kValueEnd = 64,
};

constexpr std::array<std::uint8_t, 256> makeClasses() {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    std::uint8_t bits = 0;
    if (letter || c == ':') bits |= kMetricStart | kMetric;
    if (letter) bits |= kLabelStart | kLabel;
    if (digit) bits |= kMetric | kLabel | kDigit;
    if (c == ' ' || c == '\t') bits |= kBlank | kValueEnd;
    if (c == '\n' || c == '{' || c == '\0') bits |= kValueEnd;
    classes[c] = bits;
  }
  return classes;
}
inline constexpr auto kClasses = makeClasses();

inline bool is(char c, std::uint8_t wanted) {
  return (kClasses[static_cast<std::uint8_t>(c)] & wanted) != 0;
}

// These stop at the line end at the latest: '\n' is in no class except kValueEnd.
inline const char* skip(const char* p, std::uint8_t wanted) {
  while (is(*p, wanted)) ++p;
  return p;
}
inline std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace postern::exposition
