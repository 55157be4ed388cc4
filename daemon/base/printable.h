#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern {

// Foreign bytes as they may stand in a log line or an error: at most `limit` of them,
// whatever is not printable ASCII written as \n, \t, \r or \xNN, and "..." when cut.
std::string printable(std::string_view bytes, std::size_t limit = 80);

// A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
std::string quoteJson(std::string_view text);

}  // namespace postern
