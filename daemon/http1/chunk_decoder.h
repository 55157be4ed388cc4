#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "http1/line_reader.h"

namespace postern::http1 {

enum class ChunkError : std::uint8_t {
  None,
  NoCrLf,             // a line around a chunk ends with a bare LF
  LineTooLong,        // ChunkLimits::line
  BadSize,            // not a hexadecimal number, or beyond ChunkLimits::chunk
  BadExtension,       // the text after the size is not an extension
  TooManyExtensions,  // ChunkLimits::extensions
  BodyTooLarge,       // ChunkLimits::body
  ChunkTooLong,       // a chunk has more bytes than its size
  BadTrailerName,     // not a field line
  BadTrailerValue,    // a control byte
  TooManyTrailers,    // ChunkLimits::trailers
};

// All values in bytes.
struct ChunkLimits {
  std::size_t line;      // of a line around a chunk or of a trailer, with its line end
  std::size_t trailers;  // of the trailer section, with its line ends
  std::size_t extensions = std::numeric_limits<std::size_t>::max();  // of all chunks together
  std::uint64_t chunk = std::uint64_t{1} << 60U;                     // of one chunk
  std::uint64_t body = std::numeric_limits<std::uint64_t>::max();    // of all chunks together
};

enum class ChunkEvent : std::uint8_t {
  More,   // the piece is consumed
  Data,   // ChunkStep::bytes belong to the body; never empty
  End,    // the body is complete; the rest of the piece does not belong to it
  Error,  // error() says why; the object is unusable
};

struct ChunkStep {
  ChunkEvent event;
  std::string_view bytes;  // set with Data: part of the caller's piece
};

// Decodes one body in the chunked transfer coding (RFC 9112 section 7.1). Pieces of bytes may be
// split anywhere. Extensions and trailers are checked and dropped. Not thread-safe.
class ChunkDecoder {
 public:
  explicit ChunkDecoder(const ChunkLimits& limits) : limits_(limits) {}

  // Consumes bytes from the front of `bytes`. Where the pieces are split changes neither the body
  // nor the error.
  ChunkStep next(std::string_view& bytes);
  ChunkError error() const { return error_; }
  // After Error with BadTrailerName and BadTrailerValue: the trailer. Valid during the life of the
  // caller's piece.
  std::string_view refusedLine() const { return lines_.line(); }

 private:
  enum class ChunkState : std::uint8_t { Size, Data, DataEnd, Trailers, End };

  ChunkError takeLine(std::string_view& bytes, bool& complete);
  ChunkError readLine(std::string_view line);
  ChunkError readSize(std::string_view line);

  ChunkLimits limits_;
  LineReader lines_;
  std::uint64_t left_ = 0;      // remaining bytes of the chunk
  std::uint64_t body_ = 0;      // total size of all chunks, by their size lines
  std::size_t extensions_ = 0;  // bytes
  std::size_t trailers_ = 0;    // bytes
  ChunkState state_ = ChunkState::Size;
  ChunkError error_ = ChunkError::None;
};

}  // namespace postern::http1
