#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/target.h"

// Durations and sizes in Prometheus' syntax.
namespace postern::config {

template <typename T>
struct Range {
  T least;
  T most;
};

// Prometheus' duration: numbers with the units y w d h m s ms, each at most once and in this order
// ("1m30s", "250ms"), or "0". Nothing if `text` is invalid or longer than 10,000 years.
std::optional<milliseconds> parseDuration(std::string_view text);
// Go's duration: decimal numbers, each with h, m, s, ms, us or ns ("1h", "1.5s", "1m30s"), or "0".
// Nothing if `text` is invalid, has a sign or is longer than a year.
std::optional<std::chrono::nanoseconds> parseGoDuration(std::string_view text);
// A whole number of B, KB, KiB, MB, MiB, GB or GiB (bytes without a unit). KB and KiB both mean
// 2^10 bytes, and so on. Nothing if `text` is invalid or does not fit.
std::optional<std::size_t> parseSize(std::string_view text);
// A decimal number without a sign. Nothing if `text` is invalid or does not fit.
std::optional<std::size_t> parseNumber(std::string_view text);

std::string showDuration(milliseconds duration);  // "1m30s"
std::string showSize(std::size_t bytes);          // "64MiB"

// The same within bounds. Otherwise returns nothing, and `wrong` says what is wrong and what was
// expected.
std::optional<milliseconds> readDuration(std::string_view text, Range<milliseconds> range,
                                         std::string& wrong);
std::optional<std::size_t> readSize(std::string_view text, Range<std::size_t> range,
                                    std::string& wrong);
std::optional<std::size_t> readNumber(std::string_view text, Range<std::size_t> range,
                                      std::string& wrong);

}  // namespace postern::config
