#include "base/encoding.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace postern {
namespace {

constexpr std::string_view kAlphanumeric =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::uint8_t kNotADigit = 0xFF;

std::uint8_t valueOf(char c) {
  return static_cast<std::uint8_t>(c);
}

// The value of each base64 digit.
constexpr std::array<std::uint8_t, 256> kBase64Values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNotADigit);
  std::uint8_t value = 0;
  for (const char c : kAlphanumeric) values[static_cast<std::uint8_t>(c)] = value++;
  values['+'] = 62;
  values['/'] = 63;
  return values;
}();

constexpr std::array<bool, 256> kUnreserved = [] {
  std::array<bool, 256> unreserved{};
  for (const char c : kAlphanumeric) unreserved[static_cast<std::uint8_t>(c)] = true;
  for (const char c : std::string_view("-._~")) unreserved[static_cast<std::uint8_t>(c)] = true;
  return unreserved;
}();

char base64Digit(std::uint32_t value, std::string_view last_two) {
  value &= 63U;
  return value < kAlphanumeric.size() ? kAlphanumeric[value]
                                      : last_two[value - kAlphanumeric.size()];
}

// Appends to a std::string or a Secret, like all of these templates.
template <typename Text>
void appendBase64(std::string_view bytes, std::string_view last_two, bool padded, Text& out) {
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 3))) {
    const auto byte = [&](std::size_t i) { return i < bytes.size() ? valueOf(bytes[i]) : 0U; };
    const std::uint32_t bits = byte(0) << 16U | byte(1) << 8U | byte(2);
    std::array<char, 4> digits{};
    for (std::size_t i = 0; i < 4; ++i) {
      digits[i] = i <= bytes.size() ? base64Digit(bits >> (18 - 6 * i), last_two) : '=';
    }
    const std::size_t size = padded ? 4 : std::min<std::size_t>(bytes.size() + 1, 4);
    out.append(std::string_view(digits.data(), size));
  }
}

template <typename Text>
bool appendBase64Decoded(std::string_view text, Text& out) {
  if (text.size() % 4 != 0) return false;
  text.remove_suffix(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits not yet written
  for (const char c : text) {
    const auto value = kBase64Values[valueOf(c)];
    if (value == kNotADigit) return false;
    bits = bits << 6U | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    const auto byte = static_cast<char>(bits >> held & 0xFFU);
    out.append(std::string_view(&byte, 1));
  }
  return true;
}

template <typename Text>
void appendPercentEncodedTo(Text& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = valueOf(c);
    const std::array<char, 3> escaped = {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    out.append(kUnreserved[byte] ? std::string_view(&c, 1)
                                 : std::string_view(escaped.data(), escaped.size()));
  }
}

int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::string encodeHex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    text += kDigits[valueOf(c) >> 4U];
    text += kDigits[valueOf(c) & 15U];
  }
  return text;
}

std::string encodeBase64(std::string_view bytes) {
  std::string text;
  appendBase64(bytes, "+/", /*padded=*/true, text);
  return text;
}

Secret encodeBase64(const Secret& bytes) {
  Secret text;
  appendBase64(bytes.reveal(), "+/", /*padded=*/true, text);
  return text;
}

std::string encodeBase64Url(std::string_view bytes) {
  std::string text;
  appendBase64(bytes, "-_", /*padded=*/false, text);
  return text;
}

std::optional<std::string> decodeBase64(std::string_view text) {
  std::string bytes;
  if (!appendBase64Decoded(text, bytes)) return std::nullopt;
  return bytes;
}

std::optional<Secret> decodeBase64Secret(std::string_view text) {
  Secret bytes;
  if (!appendBase64Decoded(text, bytes)) return std::nullopt;
  return bytes;
}

std::string percentEncode(std::string_view text) {
  std::string encoded;
  appendPercentEncodedTo(encoded, text);
  return encoded;
}

void appendPercentEncoded(std::string_view text, Secret& out) {
  appendPercentEncodedTo(out, text);
}

bool appendPercentDecoded(std::string_view text, std::string& out) {
  out.reserve(out.size() + text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return false;
    const int high = hexValue(text[i + 1]);
    const int low = hexValue(text[i + 2]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

}  // namespace postern
