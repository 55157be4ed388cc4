#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace postern::http {

// Appends the status line (always HTTP/1.1, RFC 9110 section 6.2), Date, Content-Type and the
// further headers, without the empty line. Bytes that could end a line are written as spaces.
void appendResponseHead(const ResponseHead& head, std::string& text);
// The answer 503 `busy`, which says what is taken.
Reply busyReply(std::string_view what);
// Appends "name: value" and its line end.
void appendHeader(std::string_view name, std::string_view value, std::string& text);

}  // namespace postern::http
