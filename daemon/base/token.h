#pragma once

#include <string_view>

#include "base/text.h"

// Tokens and lists of headers (RFC 9110 section 5.6).
namespace postern {

// tchar and token.
bool tokenByte(char c);
bool token(std::string_view text);

// Calls `take` with each element of a comma-separated list, trimmed. Skips empty ones.
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
