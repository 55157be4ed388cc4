#pragma once

#include <algorithm>
#include <string_view>

// The words that headers are made of (RFC 9110 section 5.6).
namespace postern {

// ASCII letters only, as in the next.
constexpr char lowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

inline bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lowerCase(x) == lowerCase(y); });
}

// tchar and token.
bool tokenByte(char c);
bool token(std::string_view text);

// Without the spaces and tabs around it.
std::string_view trimmed(std::string_view text);

// Calls `take` with each element of a comma-separated list, trimmed; empty ones are passed over.
template <typename Take>
void forEachElement(std::string_view list, Take take) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto element = trimmed(list.substr(0, comma));
    if (!element.empty()) take(element);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

}  // namespace postern
