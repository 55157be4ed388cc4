#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern {

// Makes foreign bytes safe for a log line or an error: at most `limit` of them. Bytes that are not
// printable ASCII become \n, \t, \r or \xNN; "..." marks a cut.
std::string printable(std::string_view bytes, std::size_t limit = 80);

// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string quoteJson(std::string_view text);

}  // namespace postern
