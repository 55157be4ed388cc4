#include "exposition/number.h"

#include <charconv>
#include <cstddef>

#include "base/text.h"
#include "exposition/bytes.h"

namespace postern::exposition {
namespace {

// A decimal number without its sign, in parts.
struct Decimal {
  bool valid = false;
  bool zero = true;
  long magnitude = 0;  // 10^magnitude <= number < 10^(magnitude + 1), unless it is zero
};

// An exponent stops growing at five digits, like in Go.
long readExponent(std::string_view digits) {
  long exponent = 0;
  for (const char c : digits) {
    if (exponent < 10000) exponent = exponent * 10 + (c - '0');
  }
  return exponent;
}

Decimal readDecimal(std::string_view text) {
  Decimal decimal;
  bool point = false;
  bool digits = false;
  long leading = -1;  // power of ten of the first digit that is not 0, counted from the point
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      if (point) return decimal;
      point = true;
      continue;
    }
    if (!isDigit(c)) break;
    digits = true;
    if (decimal.zero && c == '0') {
      if (point) --leading;
    } else if (decimal.zero) {
      decimal.zero = false;
      if (!point) leading = 0;
    } else if (!point) {
      ++leading;
    }
  }
  if (!digits) return decimal;
  decimal.magnitude = leading;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return decimal;
    ++i;
    const bool negative = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const std::string_view exponent = text.substr(i);
    if (exponent.empty()) return decimal;
    for (const char c : exponent) {
      if (!isDigit(c)) return decimal;
    }
    decimal.magnitude += negative ? -readExponent(exponent) : readExponent(exponent);
  }
  decimal.valid = true;
  return decimal;
}

}  // namespace

bool isValue(std::string_view text) {
  if (equalsIgnoringCase(text, "nan")) return true;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  if (equalsIgnoringCase(text, "inf") || equalsIgnoringCase(text, "infinity")) return true;
  const Decimal decimal = readDecimal(text);
  if (!decimal.valid) return false;
  if (decimal.zero || decimal.magnitude < 308) return true;
  if (decimal.magnitude > 308) return false;
  // The largest double is 1.797...e308, so the digits decide.
  double value = 0;
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
}

bool isTimestamp(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!isDigit(c)) return false;
  }
  constexpr std::string_view kLargest = "9223372036854775807";
  if (text.size() < kLargest.size()) return true;
  const std::size_t zeros = text.find_first_not_of('0');
  if (zeros == std::string_view::npos) return true;
  text.remove_prefix(zeros);
  return text.size() < kLargest.size() || (text.size() == kLargest.size() && text <= kLargest);
}

}  // namespace postern::exposition
