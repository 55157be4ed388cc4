#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace postern::http {

// Appends the status line (always HTTP/1.1, RFC 9110 section 6.2), Date, Content-Type and the
// additional headers, without the empty line. Writes spaces for bytes that could end a line.
void appendResponseHead(const ResponseHead& head, std::string& text);
// The answer 503 `busy` with the exhausted resource.
Reply busyReply(std::string_view what);
// Appends "name: value" and a line end.
void appendHeader(std::string_view name, std::string_view value, std::string& text);

}  // namespace postern::http
