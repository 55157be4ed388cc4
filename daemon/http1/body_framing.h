#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::http1 {

// Whether a response of that status may have a body (RFC 9112 section 6.3).
constexpr bool mayHaveBody(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// What to do with one length that appears several times (RFC 9110 section 8.6).
enum class RepeatedLength : std::uint8_t { Refused, Accepted };

enum class FramingError : std::uint8_t {
  None,
  UnknownCoding,     // a transfer coding that is not `chunked`, or `chunked` twice
  BadLength,         // not a decimal number, or repeated where that is refused
  DifferentLengths,  // several different lengths
};

// Collects from the headers of one message where its body ends (RFC 9112 section 6) and whether its
// connection continues (section 9.3). The caller decides which combinations it accepts. Not
// thread-safe.
class BodyFraming {
 public:
  explicit BodyFraming(RepeatedLength repeated) : repeated_(repeated) {}

  // `name` is in lower case. Other headers than Content-Length, Transfer-Encoding and Connection
  // change nothing.
  FramingError take(std::string_view name, std::string_view value);

  bool chunked() const { return chunked_; }
  // Bytes; the largest number stands for a length beyond 64 bits.
  std::optional<std::uint64_t> contentLength() const { return length_; }
  // Whether the sender keeps the connection open after this message: `close` wins over
  // `keep-alive`, which HTTP/1.0 requires.
  bool keepAlive(int minor_version) const { return !close_ && (minor_version > 0 || keep_alive_); }

 private:
  FramingError takeLengths(std::string_view list);

  RepeatedLength repeated_;
  std::optional<std::uint64_t> length_;
  bool chunked_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
};

}  // namespace postern::http1
