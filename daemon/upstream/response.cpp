#include "upstream/response.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/printable.h"
#include "base/text.h"
#include "base/token.h"
#include "http1/grammar.h"

namespace postern::upstream {
namespace {

Error format(std::string what) {
  return {Fault::Format, std::move(what)};
}

Error http2Only() {
  return withRemedy(Fault::Format, "the service answers in HTTP/2, expected HTTP/1.1",
                    "let it serve HTTP/1.1 too, or give a port of it that does", Detail::Http2Only);
}

Error truncated(std::string what) {
  return {Fault::Truncated, std::move(what)};
}

// bytes; a longer body is impossible, and sums cannot overflow
constexpr std::uint64_t kMaxLength = std::uint64_t{1} << 60U;
constexpr std::size_t kLineEnd = 2;  // bytes of CR LF
// The list needs no growth for this many fields.
constexpr std::size_t kUsualFields = 16;

// An HTTP/2 server sends this first, whatever the request: the head of a frame SETTINGS or GOAWAY
// (RFC 9113, sections 4.1, 6.5 and 6.8).
bool beginsLikeHttp2(std::string_view bytes) {
  constexpr std::size_t kFrameHead = 9;
  constexpr char kSettings = 4;
  constexpr char kGoAway = 7;
  if (bytes.size() < kFrameHead) return false;
  const bool of_connection = bytes.substr(5, 4) == std::string_view("\0\0\0\0", 4);
  return bytes[0] == 0 && (bytes[3] == kSettings || bytes[3] == kGoAway) && of_connection;
}

Error headTooLong() {
  return {
      Fault::Limit,
      fmt::format("the head of the answer, or a line between its chunks, is longer than {} bytes",
                  ResponseReader::kHeadLimit)};
}

Error controlByteIn(std::string_view name) {
  return format(fmt::format("the answer's field {} holds a control character", printable(name)));
}

Error noCrLf() {
  return format("a line of the answer's head does not end with CR LF");
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

ResponseReader::ResponseReader(bool to_head) : to_head_(to_head) {}

Result<ResponseStep> ResponseReader::next(std::string_view& bytes) {
  if (!bytes.empty()) started_ = true;
  for (;;) {
    switch (state_) {
      case ReadState::Done: return ResponseStep{ResponseEvent::End, {}};
      case ReadState::Chunks: return takeChunks(bytes);
      case ReadState::Length:
      case ReadState::UntilClose: return takeBody(bytes);
      case ReadState::StatusLine:
      case ReadState::Fields: break;
    }
    const auto outcome = lines_.next(bytes, kHeadLimit - head_bytes_);
    if (outcome == http1::LineProgress::TooLong) return headTooLong();
    if (state_ == ReadState::StatusLine && beginsLikeHttp2(lines_.line())) return http2Only();
    if (outcome == http1::LineProgress::NoCrLf) return noCrLf();
    if (outcome == http1::LineProgress::More) return ResponseStep{ResponseEvent::More, {}};
    auto step = takeHeadLine(lines_.line());
    if (!step || step->event != ResponseEvent::More) return step;
  }
}

// Returns More when the head continues.
Result<ResponseStep> ResponseReader::takeHeadLine(std::string_view line) {
  head_bytes_ += line.size() + kLineEnd;
  if (state_ == ReadState::Fields && line.empty()) return endOfHead();
  TRY_VOID(state_ == ReadState::StatusLine ? readStatusLine(line) : readField(line));
  return ResponseStep{ResponseEvent::More, {}};
}

Result<ResponseStep> ResponseReader::takeBody(std::string_view& bytes) {
  if (bytes.empty()) return ResponseStep{ResponseEvent::More, {}};
  std::string_view body = bytes;
  if (state_ == ReadState::Length) {
    body = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= body.size();
    if (left_ == 0) state_ = ReadState::Done;
  }
  bytes.remove_prefix(body.size());
  delivered_ += body.size();
  return ResponseStep{ResponseEvent::Body, body};
}

Result<ResponseStep> ResponseReader::takeChunks(std::string_view& bytes) {
  const auto step = chunks_.next(bytes);
  switch (step.event) {
    case http1::ChunkEvent::More: return ResponseStep{ResponseEvent::More, {}};
    case http1::ChunkEvent::Data:
      delivered_ += step.bytes.size();
      return ResponseStep{ResponseEvent::Body, step.bytes};
    case http1::ChunkEvent::End: break;
    case http1::ChunkEvent::Error: return chunkError();
  }
  state_ = ReadState::Done;
  return ResponseStep{ResponseEvent::End, {}};
}

Error ResponseReader::chunkError() const {
  switch (chunks_.error()) {
    case http1::ChunkError::NoCrLf: return noCrLf();
    case http1::ChunkError::BadSize:
      return format("the size of a chunk is not a hexadecimal number");
    case http1::ChunkError::BadExtension:
      return format("the text after the size of a chunk is malformed");
    case http1::ChunkError::ChunkTooLong: return format("a chunk is longer than its size");
    case http1::ChunkError::BadTrailerName:
      return format("a trailer of the answer has an invalid name");
    case http1::ChunkError::BadTrailerValue:
      return controlByteIn(http1::parseFieldLine(chunks_.refusedLine()).name);
    case http1::ChunkError::None:
    case http1::ChunkError::LineTooLong:
    case http1::ChunkError::TooManyTrailers:
    case http1::ChunkError::TooManyExtensions:
    case http1::ChunkError::BodyTooLarge: break;
  }
  return headTooLong();
}

Result<void> ResponseReader::readStatusLine(std::string_view line) {
  const auto answer = http1::parseStatusLine(line);
  switch (answer.error) {
    case http1::StatusLineError::None: break;
    case http1::StatusLineError::NotHttp1:
      return format("the answer is not HTTP/1.1: does an HTTP service listen there?");
    case http1::StatusLineError::BadStatus:
      return format("the status line of the answer has no status between 100 and 599");
  }
  if (answer.status == 101) {
    return format("the answer switches protocols (101), which postern did not request");
  }
  http10_ = answer.minor_version == 0;
  response_ = Response{answer.status, {}};
  response_.headers.reserve(kUsualFields);
  state_ = ReadState::Fields;
  return {};
}

Result<void> ResponseReader::readField(std::string_view line) {
  const auto field = http1::parseFieldLine(line);
  if (field.error == http1::FieldLineError::BadValue) return controlByteIn(field.name);
  if (field.error != http1::FieldLineError::None) {
    return format(fmt::format("field {} of the answer's head has an invalid name",
                              response_.headers.size() + 1));
  }
  response_.headers.emplace_back(lowered(field.name), field.value);
  return {};
}

bool ResponseReader::bodyless() const {
  return to_head_ || !http1::mayHaveBody(response_.status);
}

Result<ResponseStep> ResponseReader::endOfHead() {
  if (response_.status < 200) {  // an interim answer: the next line begins another head
    state_ = ReadState::StatusLine;
    return ResponseStep{ResponseEvent::More, {}};
  }
  TRY_VOID(readFraming());
  return ResponseStep{ResponseEvent::Head, {}};
}

// RFC 9112 section 6.3.
Result<void> ResponseReader::readFraming() {
  for (const auto& [name, value] : response_.headers) {
    const auto error = framing_.take(name, value);
    if (error == http1::FramingError::UnknownCoding || (http10_ && framing_.chunked())) {
      return format("the answer has a transfer encoding other than one `chunked` of HTTP/1.1");
    }
    if (error == http1::FramingError::DifferentLengths) {
      return format("the answer has several different lengths");
    }
    if (error == http1::FramingError::BadLength || framing_.contentLength() > kMaxLength) {
      return format("the answer's Content-Length is not a number");
    }
  }
  const auto length = framing_.contentLength();
  if (framing_.chunked() && length) return format("the answer has both a length and chunks");
  persistent_ = framing_.keepAlive(http10_ ? 0 : 1);
  if (bodyless() || length == 0U) {
    state_ = ReadState::Done;
  } else if (framing_.chunked()) {
    state_ = ReadState::Chunks;
  } else if (length) {
    state_ = ReadState::Length;
    left_ = *length;
  } else {
    state_ = ReadState::UntilClose;
    persistent_ = false;
  }
  return {};
}

std::optional<std::uint64_t> ResponseReader::contentLength() const {
  return bodyless() ? 0 : framing_.contentLength();
}

Result<void> ResponseReader::endOfStream(bool clean) const {
  const std::string so_far = "after " + std::to_string(delivered_);
  switch (state_) {
    case ReadState::Done: return {};
    case ReadState::StatusLine:
    case ReadState::Fields:
      if (started_) return truncated("the connection ended in the head of the answer");
      return Error{Fault::Connect, "the connection was closed before an answer arrived"};
    case ReadState::Length:
      return truncated(fmt::format("the body ended {} of {} bytes", so_far, delivered_ + left_));
    case ReadState::UntilClose:
      if (clean) return {};
      return truncated(
          fmt::format("the connection was cut {} bytes of a body without length, and without TLS' "
                      "close_notify it may lack more",
                      so_far));
    case ReadState::Chunks: break;
  }
  return truncated(fmt::format("the body ended {} bytes, before its last chunk", so_far));
}

}  // namespace postern::upstream
