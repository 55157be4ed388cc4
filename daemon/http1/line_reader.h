#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::http1 {

// Takes lines off the front of bytes that arrive in pieces cut anywhere. A line ends with CR LF
// (RFC 9112 section 2.2); a bare LF is refused, because two readers could understand it
// differently. A line within one piece is not copied. Not thread-safe.
class LineReader {
 public:
  enum class Outcome : std::uint8_t {
    More,     // the piece is used up, and the line is not complete
    Line,     // line() is complete
    TooLong,  // the line does not end within `most` bytes
    NoCrLf,   // the line ends with a bare LF
  };

  // Takes what belongs to the line off the front of `bytes`. `most`: bytes that the line may have
  // with its line end; where the pieces are cut does not change the outcome. The object is spent
  // after TooLong and NoCrLf.
  Outcome next(std::string_view& bytes, std::size_t most);
  // After Line: the line without CR LF. After More: its bytes so far. Valid until the next call of
  // next(), and as long as the bytes that were given to the last one.
  std::string_view line() const { return line_; }

 private:
  std::string begin_;      // of a line that began in an earlier piece
  std::string_view line_;  // of `begin_`, or of the caller's bytes
  bool complete_ = true;
};

}  // namespace postern::http1
