#include "http/response_encoder.h"

#include <cassert>
#include <charconv>
#include <utility>

#include "http/accept_encoding.h"
#include "http/response_head.h"
#include "http1/body_framing.h"

namespace postern::http {
namespace {

// Compressed bytes wait until there are this many.
constexpr std::size_t kPackedBlock = 64U << 10;

constexpr std::string_view kChunkEnd = "\r\n";

}  // namespace

ResponseEncoder::ResponseEncoder(const RequestHead& request, GzipEncoders& encoders, bool secure)
    : request_(request), encoders_(encoders), secure_(secure) {}

ResponseEncoder::~ResponseEncoder() {
  if (encoder_) encoders_.giveBack(std::move(encoder_));
}

void ResponseEncoder::startHead(const ResponseHead& head, bool close) {
  head_.reserve(512);
  appendResponseHead(head, head_);
  last_answer_ = close || !request_.keep_alive;
  if (last_answer_) {
    appendHeader("Connection", "close", head_);
  } else if (request_.minor_version == 0) {
    appendHeader("Connection", "keep-alive", head_);
  }
}

// The compressed length of a page reveals what it repeats of a request, in spite of TLS (BREACH).
// Only a browser can be made to send many requests.
bool ResponseEncoder::guessable(const ResponseHead& head) const {
  return secure_ && head.content_type.starts_with("text/html");
}

bool ResponseEncoder::packs(const ResponseHead& head, std::string_view body) const {
  return http1::mayHaveBody(head.status) && body.size() >= kLeastPacked && !guessable(head) &&
         acceptsGzip(request_.request.headers);
}

BufferSequence ResponseEncoder::whole(const ResponseHead& head, std::string_view body, bool close) {
  startHead(head, close);
  const bool has_body = http1::mayHaveBody(head.status);
  const bool packed = packs(head, body);
  if (has_body && body.size() >= kLeastPacked) appendHeader("Vary", "Accept-Encoding", head_);
  if (packed) appendHeader("Content-Encoding", "gzip", head_);
  if (packed && !isHead()) {
    encoder_ = encoders_.borrow();
    encoder_->append(body, packed_);
    encoder_->finish(packed_);
    body = packed_;
  }
  // A HEAD would have to compress the body to know its length. It may omit the length.
  if (has_body && !(packed && isHead())) {
    appendHeader("Content-Length", std::to_string(body.size()), head_);
  }
  head_ += "\r\n";
  return {head_, has_body && !isHead() ? body : std::string_view()};
}

void ResponseEncoder::begin(const ResponseHead& head, bool close) {
  assert(http1::mayHaveBody(head.status));
  chunked_ = request_.minor_version > 0;
  startHead(head, close || !chunked_);
  appendHeader("Vary", "Accept-Encoding", head_);
  const bool packed = !guessable(head) && acceptsGzip(request_.request.headers);
  if (packed) appendHeader("Content-Encoding", "gzip", head_);
  if (chunked_) appendHeader("Transfer-Encoding", "chunked", head_);
  head_ += "\r\n";
  if (packed && !isHead()) encoder_ = encoders_.borrow();
}

BufferSequence ResponseEncoder::chunk(std::string_view block, std::string_view end) {
  sent_head_ = std::exchange(head_, {});
  if (!chunked_) return {sent_head_, block};
  auto* line =
      std::to_chars(size_line_.data(), size_line_.data() + size_line_.size(), block.size(), 16).ptr;
  *line++ = '\r';
  *line++ = '\n';
  const auto size = static_cast<std::size_t>(line - size_line_.data());
  return {sent_head_, std::string_view(size_line_.data(), size), block, end};
}

BufferSequence ResponseEncoder::block(std::string_view block) {
  if (isHead()) {
    sent_head_ = std::exchange(head_, {});
    return {sent_head_};
  }
  // An empty chunk would end the body.
  if (block.empty()) return {};
  if (!encoder_) return chunk(block, kChunkEnd);
  if (std::exchange(flushed_, false)) packed_.clear();
  encoder_->append(block, packed_);
  if (packed_.size() < kPackedBlock) return {};
  flushed_ = true;
  return chunk(packed_, kChunkEnd);
}

BufferSequence ResponseEncoder::end() {
  if (isHead()) return block({});
  if (encoder_) {
    if (std::exchange(flushed_, false)) packed_.clear();
    encoder_->finish(packed_);
    return chunk(packed_, "\r\n0\r\n\r\n");
  }
  sent_head_ = std::exchange(head_, {});
  return {sent_head_, chunked_ ? "0\r\n\r\n" : ""};
}

}  // namespace postern::http
