#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

// Comparing and splitting the text of protocols. Letters are ASCII letters. Independent of the
// locale.
namespace postern {

inline constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

constexpr bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool isUpperCase(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool isLowerCase(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool isLetter(char c) {
  return isLowerCase(c) || isUpperCase(c);
}
constexpr bool isLetterOrDigit(char c) {
  return isLetter(c) || isDigit(c);
}
constexpr bool isControl(char c) {
  const auto byte = static_cast<unsigned char>(c);  // char is unsigned on some processors
  return byte < 0x20 || byte == 0x7f;
}

constexpr char lowerCase(char c) {
  return isUpperCase(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr char upperCase(char c) {
  return isLowerCase(c) ? static_cast<char>(c - ('a' - 'A')) : c;
}
std::string lowered(std::string_view text);
inline bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lowerCase(x) == lowerCase(y); });
}

bool contains(std::string_view text, std::string_view part);

// Without leading and trailing `characters`.
std::string_view trimmed(std::string_view text, std::string_view characters = " \t");

bool hasControlCharacter(std::string_view text);

// The length of the UTF-8 character at the start of `text` (RFC 3629 section 4); 0 if it is
// invalid. Requires that `text` is not empty.
std::size_t utf8Length(std::string_view text);

}  // namespace postern
