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

// Reads one answer of HTTP/1.1 (RFC 9112) from the bytes of a connection. Pure.
//
// Bytes may come in pieces cut anywhere; body bytes are views into them, never copies.
// What two readers could understand differently is refused: a length beside chunks, two
// lengths, other transfer codings, bare line feeds, folded fields. Messages never quote the
// answer. After an error the object is spent.
class ResponseReader {
 public:
  // Bytes of the head (interim answers included), of the trailers, and of a chunk's size line.
  static constexpr std::size_t kHeadLimit = 64U << 10;

  // `to_head`: the request was a HEAD, so there is no body whatever the fields say.
  explicit ResponseReader(bool to_head);

  enum class Event { More, Head, Body, End };
  struct Step {
    Event event;
    std::string_view body;  // of Body
  };
  // Takes what it can from the front of `bytes`: More when that was all of them, Head once
  // when response() is complete, then Body as often as there is some, End when the answer is
  // whole. Errors: Format, Limit.
  Result<Step> next(std::string_view& bytes);
  // The connection has ended. No error when that is how the body ends: with `clean`, because
  // only close_notify tells the end from a cut (RFC 9112 section 9.8). Errors: Truncated, and
  // Connect when not one byte had come.
  Result<void> endOfStream(bool clean) const;

  bool started() const { return started_; }  // a byte of the answer has come
  const Response& response() const { return response_; }
  Response takeResponse() { return std::move(response_); }
  // The body's length as the head tells it; none for chunks and for a body until the close.
  std::optional<std::uint64_t> contentLength() const;
  // The connection may carry another request once the answer is whole (RFC 9112 section 9.3).
  bool persistent() const { return persistent_; }

 private:
  enum class State { StatusLine, Fields, Length, Chunks, UntilClose, Done };

  Result<Step> takeHeadLine(std::string_view line);
  Result<Step> takeBody(std::string_view& bytes);
  Result<Step> takeChunks(std::string_view& bytes);
  Result<void> readStatusLine(std::string_view line);
  Result<void> readField(std::string_view line);
  Result<Step> endOfHead();
  Result<void> readFraming();
  Error chunkError() const;
  bool bodyless() const;

  const bool to_head_;
  State state_ = State::StatusLine;
  Response response_;
  bool started_ = false;
  bool http10_ = false;
  bool persistent_ = true;
  http1::LineReader lines_;
  std::size_t head_bytes_ = 0;  // of its complete lines
  http1::BodyFraming framing_{http1::RepeatedLength::Accepted};
  http1::ChunkDecoder chunks_{{.line = kHeadLimit, .trailers = kHeadLimit}};
  std::uint64_t left_ = 0;       // of a body with a length
  std::uint64_t delivered_ = 0;  // bytes of the body so far
};

}  // namespace postern::upstream
