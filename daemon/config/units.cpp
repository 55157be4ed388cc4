#include "config/units.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/printable.h"
#include "base/text.h"

namespace postern::config {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t milliseconds;
};

// From the longest to the shortest, which is also their order in a duration.
constexpr std::array<DurationUnit, 7> kDurationUnits = {{{"y", 365LL * 86'400'000},
                                                         {"w", 7LL * 86'400'000},
                                                         {"d", 86'400'000},
                                                         {"h", 3'600'000},
                                                         {"m", 60'000},
                                                         {"s", 1000},
                                                         {"ms", 1}}};
constexpr std::int64_t kLongestDuration = 10'000LL * 365 * 86'400'000;

struct GoUnit {
  std::string_view name;
  double nanoseconds;
};

constexpr std::array<GoUnit, 8> kGoUnits = {{{"h", 3600e9},
                                             {"m", 60e9},
                                             {"s", 1e9},
                                             {"ms", 1e6},
                                             {"us", 1e3},
                                             {"\u00b5s", 1e3},  // micro sign
                                             {"\u03bcs", 1e3},  // Greek letter mu
                                             {"ns", 1}}};
constexpr double kLongestGoDuration = 365.0 * 24 * 3600e9;

struct SizeUnit {
  std::string_view name;
  unsigned shift;
};

constexpr std::array<SizeUnit, 8> kSizeUnits = {
    {{"", 0}, {"B", 0}, {"KB", 10}, {"KiB", 10}, {"MB", 20}, {"MiB", 20}, {"GB", 30}, {"GiB", 30}}};

std::string_view takeWhile(std::string_view& text, bool digits) {
  const auto end =
      std::find_if(text.begin(), text.end(), [&](char c) { return isDigit(c) != digits; });
  const auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

template <typename T, typename Show>
std::optional<T> within(T value, Range<T> range, Show show, std::string& wrong) {
  if (value >= range.least && value <= range.most) return value;
  wrong = fmt::format("{} is out of range, expected {} to {}", show(value), show(range.least),
                      show(range.most));
  return std::nullopt;
}

std::string isNot(std::string_view text, std::string_view expected) {
  return fmt::format("\"{}\" is not {}", printable(text, 40), expected);
}

}  // namespace

std::optional<milliseconds> parseDuration(std::string_view text) {
  if (text == "0") return milliseconds(0);
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  auto next_unit = kDurationUnits.begin();
  while (!text.empty()) {
    const auto number = parseNumber(takeWhile(text, true));
    const auto name = takeWhile(text, false);
    const auto unit = std::find_if(next_unit, kDurationUnits.end(),
                                   [&](const DurationUnit& u) { return u.name == name; });
    if (!number || unit == kDurationUnits.end()) return std::nullopt;
    const auto room = static_cast<std::size_t>((kLongestDuration - sum) / unit->milliseconds);
    if (*number > room) return std::nullopt;
    sum += static_cast<std::int64_t>(*number) * unit->milliseconds;
    next_unit = unit + 1;
  }
  return milliseconds(sum);
}

std::optional<std::chrono::nanoseconds> parseGoDuration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
    double number = 0;
    const auto [stop, failed] =
        std::from_chars(text.data(), text.data() + digits, number, std::chars_format::fixed);
    if (failed != std::errc() || stop != text.data() + digits) return std::nullopt;
    text.remove_prefix(digits);
    const auto name = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
    const auto unit = std::find_if(kGoUnits.begin(), kGoUnits.end(),
                                   [&](const GoUnit& u) { return u.name == name; });
    if (unit == kGoUnits.end()) return std::nullopt;
    sum += number * unit->nanoseconds;
    text.remove_prefix(name.size());
  }
  if (sum > kLongestGoDuration) return std::nullopt;
  return std::chrono::nanoseconds(std::llround(sum));
}

std::optional<std::size_t> parseSize(std::string_view text) {
  const auto number = parseNumber(takeWhile(text, true));
  const auto unit = std::find_if(kSizeUnits.begin(), kSizeUnits.end(),
                                 [&](const SizeUnit& u) { return u.name == text; });
  if (!number || unit == kSizeUnits.end() || *number > (SIZE_MAX >> unit->shift)) {
    return std::nullopt;
  }
  return *number << unit->shift;
}

std::optional<std::size_t> parseNumber(std::string_view text) {
  std::size_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::string showDuration(milliseconds duration) {
  std::string text;
  std::int64_t rest = duration.count();
  for (const auto& unit : kDurationUnits) {
    if (rest < unit.milliseconds) continue;
    text += std::to_string(rest / unit.milliseconds) + std::string(unit.name);
    rest %= unit.milliseconds;
  }
  return text.empty() ? "0s" : text;
}

std::string showSize(std::size_t bytes) {
  for (const auto& [name, shift] : {SizeUnit{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}) {
    const std::size_t unit = std::size_t{1} << shift;
    if (bytes >= unit && bytes % unit == 0) {
      return std::to_string(bytes / unit) + std::string(name);
    }
  }
  return std::to_string(bytes) + "B";
}

std::optional<milliseconds> readDuration(std::string_view text, Range<milliseconds> range,
                                         std::string& wrong) {
  if (const auto duration = parseDuration(text)) {
    return within(*duration, range, showDuration, wrong);
  }
  wrong = isNot(text, "a duration, expected one like 1m30s or 250ms");
  return std::nullopt;
}

std::optional<std::size_t> readSize(std::string_view text, Range<std::size_t> range,
                                    std::string& wrong) {
  if (const auto size = parseSize(text)) return within(*size, range, showSize, wrong);
  wrong = isNot(text, "a size, expected one like 64MiB or 512KB");
  return std::nullopt;
}

std::optional<std::size_t> readNumber(std::string_view text, Range<std::size_t> range,
                                      std::string& wrong) {
  if (const auto number = parseNumber(text)) {
    return within(
        *number, range, [](std::size_t n) { return std::to_string(n); }, wrong);
  }
  wrong = isNot(text, fmt::format("a whole number, expected {} to {}", range.least, range.most));
  return std::nullopt;
}

}  // namespace postern::config
