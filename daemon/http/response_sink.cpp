#include "http/response_sink.h"

#include <array>
#include <cassert>
#include <charconv>
#include <utility>

#include "http/accept_encoding.h"
#include "http/connection.h"
#include "http/response_head.h"
#include "http1/body_framing.h"

namespace postern::http {
namespace {

// Packed bytes wait until there are so many.
constexpr std::size_t kPackedBlock = 64U << 10;

constexpr std::string_view kChunkEnd = "\r\n";

// The line before a chunk's data.
class ChunkSize {
 public:
  explicit ChunkSize(std::size_t size) {
    auto* end = std::to_chars(line_.data(), line_.data() + line_.size(), size, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    length_ = static_cast<std::size_t>(end - line_.data());
  }
  std::string_view text() const { return {line_.data(), length_}; }

 private:
  std::array<char, 20> line_;
  std::size_t length_;
};

}  // namespace

SocketSink::SocketSink(const RequestHead& request, const Way& way, Last last)
    : request_(request), way_(way), last_(std::move(last)) {}

SocketSink::~SocketSink() {
  if (encoder_) way_.shared.encoders.giveBack(std::move(encoder_));
}

void SocketSink::startHead(const ResponseHead& head, bool close) {
  text_.reserve(512);
  appendResponseHead(head, text_);
  last_answer_ = close || !request_.keep_alive || last_();
  if (last_answer_) {
    appendHeader("Connection", "close", text_);
  } else if (request_.minor_version == 0) {
    appendHeader("Connection", "keep-alive", text_);
  }
}

bool SocketSink::broke() {
  state_ = State::Broken;
  // What waits in the socket for a reader that is too slow is of no more use.
  way_.wire.resetOnClose(true);
  return false;
}

// Part of a stream.
bool SocketSink::sendPieces(Pieces pieces) {
  using Outcome = Wire::Outcome;
  auto& outbox = way_.outbox;
  auto outcome = outbox.empty() ? Outcome::Done : outbox.flush(way_.wire);
  if (outcome == Outcome::Done) outcome = way_.wire.sendSome(pieces);
  if (outcome == Outcome::Done) return true;
  if (outcome == Outcome::End) return broke();
  // The end of an answer in HTTP/1.0 is the end of its connection, and has to be known here.
  if (chunked_ && outbox.put(pieces, way_.shared.stream_budget, Outbox::kStream)) return true;
  const bool sent = (outbox.empty() || outbox.send(way_.wire)) && way_.wire.send(pieces);
  return sent || broke();
}

// Slower readers than this one make room for it.
bool SocketSink::putWhole(const Pieces& pieces) {
  while (!way_.outbox.put(pieces, way_.shared.outbox_budget)) {
    if (!way_.shared.endSlowestFlush()) return false;
  }
  return true;
}

void SocketSink::sendWhole(Pieces pieces) {
  const auto outcome = way_.wire.sendSome(pieces);
  if (outcome == Wire::Outcome::Done) return;
  const bool slow = outcome == Wire::Outcome::Blocked;
  if (slow && putWhole(pieces)) return;
  if (slow && way_.may_wait && way_.wire.send(pieces)) return;
  broke();
}

void SocketSink::send(const ResponseHead& head, std::string_view body) {
  assert(state_ == State::Nothing);
  startHead(head, false);
  const bool has_body = http1::mayHaveBody(head.status);
  const bool packable = has_body && body.size() >= kLeastPacked;
  const bool packed = packable && !guessable(head) && acceptsGzip(request_.request.headers);
  if (packable) appendHeader("Vary", "Accept-Encoding", text_);
  if (packed) appendHeader("Content-Encoding", "gzip", text_);
  if (packed && !isHead()) {
    encoder_ = way_.shared.encoders.borrow();
    encoder_->append(body, packed_);
    encoder_->finish(packed_);
    body = packed_;
  }
  // To know the packed length a HEAD would have to pack the body: it may go without.
  if (has_body && !(packed && isHead())) {
    appendHeader("Content-Length", std::to_string(body.size()), text_);
  }
  endHead();
  state_ = State::Done;
  sendWhole({text_, has_body && !isHead() ? body : std::string_view()});
}

bool SocketSink::begin(const ResponseHead& head) {
  assert(state_ == State::Nothing && http1::mayHaveBody(head.status));
  chunked_ = request_.minor_version > 0;
  startHead(head, !chunked_);
  appendHeader("Vary", "Accept-Encoding", text_);
  const bool packed = !guessable(head) && acceptsGzip(request_.request.headers);
  if (packed) appendHeader("Content-Encoding", "gzip", text_);
  if (chunked_) appendHeader("Transfer-Encoding", "chunked", text_);
  endHead();
  state_ = State::Streaming;
  if (isHead()) return sendPieces({text_});
  if (packed) encoder_ = way_.shared.encoders.borrow();
  if (!chunked_) way_.wire.resetOnClose(true);
  return true;
}

// Packed, the length of a page tells what it repeats of a request, whatever TLS hides (BREACH).
// Only a browser can be made to ask again and again.
bool SocketSink::guessable(const ResponseHead& head) const {
  return way_.wire.secure() && head.content_type.starts_with("text/html");
}

bool SocketSink::sendBlock(std::string_view block, std::string_view end) {
  const auto head = std::exchange(text_, {});
  if (!chunked_) return sendPieces({head, block});
  return sendPieces({head, ChunkSize(block.size()).text(), block, end});
}

bool SocketSink::write(std::string_view block) {
  if (state_ != State::Streaming) return false;
  // An empty chunk would end the body.
  if (block.empty() || isHead()) return true;
  if (!encoder_) return sendBlock(block, kChunkEnd);
  encoder_->append(block, packed_);
  if (packed_.size() < kPackedBlock) return true;
  const bool sent = sendBlock(packed_, kChunkEnd);
  packed_.clear();
  return sent;
}

bool SocketSink::finish() {
  if (state_ != State::Streaming) return false;
  state_ = State::Done;
  if (isHead()) return true;
  if (encoder_) {
    encoder_->finish(packed_);
    if (!sendBlock(packed_, "\r\n0\r\n\r\n")) return false;
  } else if (!sendPieces({text_, chunked_ ? "0\r\n\r\n" : ""})) {
    return false;
  }
  if (chunked_) return true;
  way_.wire.resetOnClose(false);
  return true;
}

void SocketSink::abort() {
  state_ = State::Broken;
}

void SocketSink::park(std::unique_ptr<Parked> parked) {
  assert(state_ == State::Nothing && way_.may_park);
  parked_ = std::move(parked);
}

}  // namespace postern::http
