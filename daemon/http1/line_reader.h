#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::http1 {

enum class LineProgress : std::uint8_t {
  More,     // the piece is consumed, and the line is not complete
  Line,     // line() is complete
  TooLong,  // the line does not end within `most` bytes
  NoCrLf,   // the line ends with a bare LF
};

// Reads lines from bytes that arrive in pieces, which may be split anywhere. A line ends with CR LF
// (RFC 9112 section 2.2). A bare LF is refused, because two readers could understand it
// differently. A line within one piece is not copied. Not thread-safe.
class LineReader {
 public:
  // Consumes the line's bytes from the front of `bytes`. `most`: bytes that the line may have with
  // its line end. Where the pieces are split does not change the outcome. The object is unusable
  // after TooLong and NoCrLf.
  LineProgress next(std::string_view& bytes, std::size_t most);
  // After Line: the line without CR LF. After More: its bytes so far. Valid until the next call of
  // next(), and during the life of the bytes of the last call.
  std::string_view line() const { return line_; }

 private:
  std::string begin_;      // of a line that began in an earlier piece
  std::string_view line_;  // view of `begin_`, or of the caller's bytes
  bool complete_ = true;
};

}  // namespace postern::http1
