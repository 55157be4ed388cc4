#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http1/body_framing.h"
#include "http1/chunk_decoder.h"
#include "http1/line_reader.h"
#include "upstream/http_client.h"

namespace postern::upstream {

enum class ResponseEvent { More, Head, Body, End };

struct ResponseStep {
  ResponseEvent event;
  std::string_view body;  // set with Body
};

// Reads one HTTP/1.1 answer (RFC 9112) from the bytes of a connection. Pure.
//
// Pieces of bytes may be split anywhere. Body bytes are views into them, never copies. Refuses
// everything that two readers could interpret differently: a length with chunks, two lengths, other
// transfer codings, bare line feeds, folded fields. Messages never quote the answer. After an error
// the object is unusable.
class ResponseReader {
 public:
  // bytes of the head (including interim answers), of the trailers, and of a chunk's size line
  static constexpr std::size_t kHeadLimit = 64U << 10;

  // `to_head`: the request was a HEAD, so the answer has no body, whatever the fields say.
  explicit ResponseReader(bool to_head);

  // Consumes bytes from the front of `bytes`. Returns More when all are consumed, Head once when
  // response() is complete, then Body for each part, and End when the answer is complete. Errors:
  // Format, Limit.
  Result<ResponseStep> next(std::string_view& bytes);
  // The connection has ended. Success if that is how the body ends, which requires `clean`: only
  // close_notify distinguishes the end from a cut (RFC 9112 section 9.8). Errors: Truncated, and
  // Connect when not a single byte has arrived.
  Result<void> endOfStream(bool clean) const;

  bool started() const { return started_; }  // a byte of the answer has arrived
  const Response& response() const { return response_; }
  Response takeResponse() { return std::move(response_); }
  // The body's length from the head; not set with chunks and for a body until the close.
  std::optional<std::uint64_t> contentLength() const;
  // The connection may carry another request after the complete answer (RFC 9112 section 9.3).
  bool persistent() const { return persistent_; }

 private:
  enum class ReadState { StatusLine, Fields, Length, Chunks, UntilClose, Done };

  Result<ResponseStep> takeHeadLine(std::string_view line);
  Result<ResponseStep> takeBody(std::string_view& bytes);
  Result<ResponseStep> takeChunks(std::string_view& bytes);
  Result<void> readStatusLine(std::string_view line);
  Result<void> readField(std::string_view line);
  Result<ResponseStep> endOfHead();
  Result<void> readFraming();
  Error chunkError() const;
  bool bodyless() const;

  const bool to_head_;
  ReadState state_ = ReadState::StatusLine;
  Response response_;
  bool started_ = false;
  bool http10_ = false;
  bool persistent_ = true;
  http1::LineReader lines_;
  std::size_t head_bytes_ = 0;  // bytes of its complete lines
  http1::BodyFraming framing_{http1::RepeatedLength::Accepted};
  http1::ChunkDecoder chunks_{{.line = kHeadLimit, .trailers = kHeadLimit}};
  std::uint64_t left_ = 0;       // remaining bytes of a body with a length
  std::uint64_t delivered_ = 0;  // bytes of the body so far
};

}  // namespace postern::upstream
