#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// The grammar of HTTP/1.1 messages, for both ends of a connection. All functions are pure; the
// views that they return point into their argument.
namespace postern::http1 {

// A field value, RFC 9110 section 5.5: no control byte except the tab. Bytes beyond ASCII are
// allowed.
bool isFieldValue(std::string_view text);
// Bytes that a request target may contain (RFC 3986), at least one: visible ASCII without `#`,
// because a fragment is never sent.
bool isRequestTarget(std::string_view text);
// 1*DIGIT. A number beyond 64 bits becomes the largest one.
std::optional<std::uint64_t> parseDecimal(std::string_view digits);

enum class FieldLineError : std::uint8_t { None, Folded, NoColon, BadName, BadValue };
struct FieldLine {
  std::string_view name;   // as received; set with None and BadValue
  std::string_view value;  // without the whitespace around it; set with None
  FieldLineError error = FieldLineError::None;
};
// A header or trailer line without its CRLF, RFC 9112 section 5: no space before the colon, no
// folded lines. Requires a line that is not empty.
FieldLine parseFieldLine(std::string_view line);

enum class RequestLineError : std::uint8_t { None, NotThreeParts, BadMethod, BadVersion };
struct RequestLine {
  std::string_view method;  // a token
  std::string_view target;  // not checked: isRequestTarget()
  int major_version = 0;
  int minor_version = 0;
  RequestLineError error = RequestLineError::None;  // the rest is set with None only
};
// A request line without its CRLF, RFC 9112 section 3. Any version `HTTP/digit.digit` is accepted.
RequestLine parseRequestLine(std::string_view line);

enum class StatusLineError : std::uint8_t { None, NotHttp1, BadStatus };
struct StatusLine {
  int minor_version = 0;                          // 0 or 1
  int status = 0;                                 // 100 to 599
  std::string_view reason;                        // any bytes
  StatusLineError error = StatusLineError::None;  // the rest is set with None only
};
// A status line of HTTP/1.0 or HTTP/1.1 without its CRLF, RFC 9112 section 4. The space before
// an empty reason may be missing.
StatusLine parseStatusLine(std::string_view line);

}  // namespace postern::http1
