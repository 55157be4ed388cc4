#include "http/request_body.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace postern::http {
namespace {

// For chunked bodies; no handler needs extensions or trailers.
constexpr http1::ChunkLimits kLimits{
    .line = 1U << 10, .trailers = 4U << 10, .extensions = 4U << 10, .chunk = 0xFFFFFFFF};

}  // namespace

void RequestBody::clear() {
  if (kept_ != nullptr) *kept_ = {};
  kept_ = nullptr;
  budget_.giveBack(std::exchange(charged_, 0));
  under_way_ = false;
}

BodyProgress RequestBody::refuse(int status, std::string what) {
  refusal_ = {status, std::move(what)};
  return BodyProgress::Refused;
}

BodyProgress RequestBody::tooLarge() {
  const auto most = most_ > 0 ? most_ : kMostDropped;
  return refuse(413, fmt::format("the body is longer than {} KiB", most >> 10U));
}

BodyProgress RequestBody::begin(const RequestHead& head, std::size_t most, std::string& kept) {
  kept_ = &kept;
  most_ = most;
  chunked_ = head.chunked_body;
  // RFC 9112 section 6.3: a server may insist on a length.
  if (chunked_ && most_ == 0) return refuse(411, "a body needs a Content-Length here");
  if (head.content_length > (most_ > 0 ? most_ : kMostDropped)) return tooLarge();
  left_ = static_cast<std::size_t>(head.content_length);
  if (chunked_) {
    auto limits = kLimits;
    limits.body = most_;
    chunks_ = http1::ChunkDecoder(limits);
  }
  under_way_ = chunked_ || left_ > 0;
  return under_way_ ? BodyProgress::Incomplete : BodyProgress::Complete;
}

BodyProgress RequestBody::take(std::string_view& bytes) {
  if (!under_way_) return BodyProgress::Complete;
  const auto progress = chunked_ ? takeChunks(bytes) : takeData(bytes);
  under_way_ = progress == BodyProgress::Incomplete;
  return progress;
}

BodyProgress RequestBody::takeData(std::string_view& bytes) {
  const auto taken = std::min(left_, bytes.size());
  if (most_ > 0 && !keep(bytes.substr(0, taken))) return BodyProgress::Busy;
  bytes.remove_prefix(taken);
  left_ -= taken;
  return left_ == 0 ? BodyProgress::Complete : BodyProgress::Incomplete;
}

bool RequestBody::keep(std::string_view bytes) {
  const auto size = kept_->size() + bytes.size();
  if (size > charged_) {
    const auto room = std::max(size, std::min(2 * charged_, most_));
    if (!budget_.take(room - charged_)) return false;
    charged_ = room;
    kept_->reserve(room);
  }
  *kept_ += bytes;
  return true;
}

BodyProgress RequestBody::takeChunks(std::string_view& bytes) {
  for (;;) {
    const auto step = chunks_.next(bytes);
    switch (step.event) {
      case http1::ChunkEvent::More: return BodyProgress::Incomplete;
      case http1::ChunkEvent::Data:
        if (!keep(step.bytes)) return BodyProgress::Busy;
        break;
      case http1::ChunkEvent::End: return BodyProgress::Complete;
      case http1::ChunkEvent::Error: return refuseChunks();
    }
  }
}

BodyProgress RequestBody::refuseChunks() {
  switch (chunks_.error()) {
    case http1::ChunkError::None: break;
    case http1::ChunkError::NoCrLf:
      return refuse(400, "a line between the chunks of the body does not end in CR LF");
    case http1::ChunkError::LineTooLong:
      return refuse(400, "a line between the chunks of the body is too long");
    case http1::ChunkError::BadSize:
      return refuse(400, "the size of a chunk is not a hexadecimal number");
    case http1::ChunkError::BadExtension:
      return refuse(400, "the text after the size of a chunk is malformed");
    case http1::ChunkError::TooManyExtensions:
      return refuse(400, "the body has too many chunk extensions");
    case http1::ChunkError::ChunkTooLong:
      return refuse(400, "a chunk of the body is longer than its size");
    case http1::ChunkError::BadTrailerName:
    case http1::ChunkError::BadTrailerValue:
      return refuse(400, "a trailer of the body is not a header field");
    case http1::ChunkError::TooManyTrailers: return refuse(400, "the body has too many trailers");
    case http1::ChunkError::BodyTooLarge: break;
  }
  return tooLarge();
}

}  // namespace postern::http
