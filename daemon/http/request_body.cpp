#include "http/request_body.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/token.h"

namespace postern::http {
namespace {

constexpr std::size_t kMostExtra = 4U << 10;  // nobody needs extensions or trailers
constexpr std::size_t kLongestLine = 1U << 10;
constexpr std::size_t kMostDigits = 8;  // of a chunk's size

}  // namespace

void RequestBody::clear() {
  if (kept_ != nullptr) *kept_ = {};
  kept_ = nullptr;
  budget_.giveBack(std::exchange(charged_, 0));
  under_way_ = false;
}

RequestBody::Progress RequestBody::refuse(int status, std::string what) {
  refusal_ = {status, std::move(what)};
  return Progress::Refused;
}

RequestBody::Progress RequestBody::tooLarge() {
  const auto most = most_ > 0 ? most_ : kMostDropped;
  return refuse(413, "no body over " + std::to_string(most >> 10U) + " KiB is read here");
}

RequestBody::Progress RequestBody::begin(const RequestHead& head, std::size_t most,
                                         std::string& kept) {
  kept_ = &kept;
  most_ = most;
  chunked_ = head.chunked_body;
  // RFC 9112 section 6.3: a server may insist on a length.
  if (chunked_ && most_ == 0) return refuse(411, "a body needs a Content-Length here");
  if (head.content_length > (most_ > 0 ? most_ : kMostDropped)) return tooLarge();
  left_ = static_cast<std::size_t>(head.content_length);
  extra_ = 0;
  expects_ = chunked_ ? Expects::Size : Expects::Data;
  under_way_ = chunked_ || left_ > 0;
  return under_way_ ? Progress::Incomplete : Progress::Complete;
}

RequestBody::Progress RequestBody::take(std::string_view& bytes) {
  if (!under_way_) return Progress::Complete;
  const auto progress = chunked_ ? takeChunks(bytes) : takeData(bytes);
  under_way_ = progress == Progress::Incomplete;
  return progress;
}

RequestBody::Progress RequestBody::takeData(std::string_view& bytes) {
  const auto taken = std::min(left_, bytes.size());
  if (most_ > 0 && !keep(bytes.substr(0, taken))) return Progress::Busy;
  bytes.remove_prefix(taken);
  left_ -= taken;
  return left_ == 0 ? Progress::Complete : Progress::Incomplete;
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

RequestBody::Progress RequestBody::takeChunks(std::string_view& bytes) {
  while (!bytes.empty()) {
    if (expects_ == Expects::Data) {
      const auto progress = takeData(bytes);
      if (progress != Progress::Complete) return progress;
      expects_ = Expects::DataEnd;
      continue;
    }
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, std::min(end, bytes.size() - 1) + 1);
    if (line_.size() + part.size() > kLongestLine) {
      return refuse(400, "a line between the chunks of the body is too long");
    }
    line_ += part;
    bytes.remove_prefix(part.size());
    if (end == std::string_view::npos) break;
    const auto progress = takeLine();
    line_.clear();
    if (progress != Progress::Incomplete) return progress;
  }
  return Progress::Incomplete;
}

RequestBody::Progress RequestBody::takeLine() {
  if (!line_.ends_with("\r\n")) {
    return refuse(400, "a line between the chunks of the body does not end in CR LF");
  }
  line_.resize(line_.size() - 2);
  if (expects_ == Expects::Size) return takeSize();
  if (expects_ == Expects::DataEnd) {
    expects_ = Expects::Size;
    return line_.empty() ? Progress::Incomplete
                         : refuse(400, "a chunk of the body is longer than it says");
  }
  if (line_.empty()) return Progress::Complete;
  const auto colon = line_.find(':');
  const bool field = colon != std::string::npos &&
                     token(std::string_view(line_).substr(0, colon)) &&
                     isFieldValue(std::string_view(line_).substr(colon + 1));
  if (!field) return refuse(400, "a trailer of the body is not a header field");
  extra_ += line_.size();
  return extra_ <= kMostExtra ? Progress::Incomplete
                              : refuse(400, "the body has too many trailers");
}

RequestBody::Progress RequestBody::takeSize() {
  const char* const end = line_.data() + line_.size();
  std::size_t size = 0;
  const auto [digits, error] = std::from_chars(line_.data(), end, size, 16);
  const std::string_view rest(digits, static_cast<std::size_t>(end - digits));
  const auto count = static_cast<std::size_t>(digits - line_.data());
  if (error != std::errc() || line_[0] == '-' || count > kMostDigits) {
    return refuse(400, "the size of a chunk is no hexadecimal number");
  }
  if (!isChunkExtension(rest)) return refuse(400, "what follows the size of a chunk is malformed");
  extra_ += rest.size();
  if (extra_ > kMostExtra) return refuse(400, "the body has too many chunk extensions");
  if (size > most_ - kept_->size()) return tooLarge();
  left_ = size;
  expects_ = size == 0 ? Expects::Trailer : Expects::Data;
  return Progress::Incomplete;
}

}  // namespace postern::http
