#include "http/connection.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "http/response_sink.h"

namespace postern::http {
namespace {

using Stage = OpenConnections::Stage;

// Room for the head of a usual request; it grows up to RequestHeadParser::kMaxBytes.
constexpr std::size_t kFirstRoom = 4U << 10;

}  // namespace

Connection::Connection(Descriptor socket, Front& front)
    : front_(front),
      socket_(std::move(socket)),
      entry_(front.open, socket_.number()),
      wire_(socket_.number(), front.options.write_timeout, front.interrupt),
      buffer_(kFirstRoom) {}

void Connection::run() {
  // stop() may have gone through the connections before this one was there.
  if (front_.open.stopping()) return;
  while (serveOne()) served_before_ = true;
  // A client that has sent more than it will be answered would else lose the last answer, too.
  if (filled_ > 0) wire_.linger();
}

bool Connection::serveOne() {
  parser_.reset();
  if (!readHead()) return false;
  entry_.enter(Stage::Busy);
  consume(parser_.size());
  return dropBody() && answer();
}

bool Connection::readHead() {
  using Progress = RequestHeadParser::Progress;
  if (served_before_ && filled_ == 0) {
    if (!entry_.rest()) return false;
    const auto got = wire_.receiveFirst(buffer_, front_.options.idle_timeout);
    if (got.outcome != Wire::Outcome::Data) return false;
    filled_ = got.size;
  }
  auto progress = parser_.parse({buffer_.data(), filled_});
  if (progress == Progress::Incomplete) {
    if (filled_ > 0) entry_.enter(Stage::Reading);
    const auto deadline = deadlineIn(front_.options.header_timeout);
    do {
      if (!receiveMore(deadline)) return false;
      progress = parser_.parse({buffer_.data(), filled_});
    } while (progress == Progress::Incomplete);
  }
  if (progress == Progress::Complete) return true;
  return refuse(parser_.refusal().status, parser_.refusal().what);
}

bool Connection::receiveMore(Deadline deadline) {
  if (filled_ == buffer_.size()) {
    buffer_.resize(std::min(buffer_.size() * 2, RequestHeadParser::kMaxBytes));
  }
  const auto got = wire_.receive(std::span(buffer_).subspan(filled_), deadline);
  if (got.outcome == Wire::Outcome::TimedOut && filled_ > 0) {
    return refuse(408, "the request did not come in time");
  }
  if (got.outcome != Wire::Outcome::Data) return false;
  filled_ += got.size;
  return true;
}

bool Connection::dropBody() {
  const auto& head = parser_.head();
  // RFC 9112 section 6.3: a server may insist on a length.
  if (head.chunked_body) return refuse(411, "a body needs a Content-Length here");
  if (head.content_length > kMaxBody) return refuse(413, "no body over 64 KiB is read here");
  auto left = static_cast<std::size_t>(head.content_length);
  if (left > filled_ && head.expects_continue && !wire_.send({"HTTP/1.1 100 Continue\r\n\r\n"})) {
    return false;
  }
  const auto deadline = deadlineIn(front_.options.header_timeout);
  while (left > 0) {
    if (filled_ == 0 && !receiveMore(deadline)) return false;
    const auto dropped = std::min(left, filled_);
    consume(dropped);
    left -= dropped;
  }
  return true;
}

bool Connection::answer() {
  SocketSink sink(parser_.head(), wire_, front_.encoders,
                  [&open = front_.open] { return open.lastAnswers(); });
  front_.handler(parser_.head().request, sink);
  return sink.keepsAlive();
}

bool Connection::refuse(int status, std::string_view what) {
  RequestHead nothing;
  nothing.keep_alive = false;
  SocketSink sink(nothing, wire_, front_.encoders, [] { return true; });
  ResponseHead head;
  head.status = status;
  sink.send(head, std::string(what) + '\n');
  wire_.linger();
  filled_ = 0;
  return false;
}

void Connection::consume(std::size_t size) {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(size),
            buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
  filled_ -= size;
}

}  // namespace postern::http
