#include "http/connection.h"

#include <algorithm>
#include <exception>
#include <typeinfo>
#include <utility>

#include "base/log.h"
#include "base/relief.h"
#include "base/result.h"
#include "http/response_sink.h"

namespace postern::http {
namespace {

// What one turn of a connection takes, before the other connections have theirs.
constexpr int kRequestsPerTurn = 8;
constexpr std::size_t kBytesPerTurn = 64U << 10;

// A peer that was refused may still send this much, or this much where bodies are taken.
constexpr std::size_t kLingerBytes = 256U << 10;
constexpr std::size_t kLingerBodies = 16U << 20;

ResponseHead withStatus(int status) {
  ResponseHead head;
  head.status = status;
  return head;
}

}  // namespace

Connection::Connection(Descriptor socket, const Site& site, Shared& shared)
    : site_(site),
      shared_(shared),
      wire_(std::move(socket), shared.options.write_timeout, shared.interrupt),
      body_(shared.body_budget) {
  if (site.tls) phase_ = Phase::Handshake;
}

Connection::Next Connection::advance(std::span<char> scratch) {
  requests_left_ = kRequestsPerTurn;
  bytes_left_ = kBytesPerTurn;
  switch (phase_) {
    case Phase::Handshake: return shakeHands(scratch);
    case Phase::Flush: return flush(scratch);
    case Phase::Linger: return linger(scratch);
    case Phase::Request:
    case Phase::Idle:
    case Phase::Answer: break;
  }
  return read(scratch);
}

Connection::Next Connection::shakeHands(std::span<char> scratch) {
  if (!wire_.secure()) {
    // Made when the first bytes are there: a connection that says nothing costs little.
    const auto context = site_.tls();
    if (context && !wire_.secureWith(*context)) return Next::End;
  }
  if (wire_.secure()) {
    Relief::call();  // its arithmetic takes long
    const auto outcome = wire_.handshake();
    if (outcome == Wire::Outcome::Blocked) {
      return wire_.wantsWrite() ? Next::Writable : Next::Readable;
    }
    if (outcome == Wire::Outcome::End) {
      ++shared_.failed_handshakes;
      wire_.dropTls();
      // The alert that says why would be lost to a reset, as what the client has sent is unread.
      if (!wire_.plainHttp()) return linger(scratch);
      return refuse(withStatus(400), "this port speaks HTTPS, and a plain HTTP request came");
    }
  }
  phase_ = Phase::Request;
  return read(scratch);
}

Connection::Next Connection::read(std::span<char> scratch) {
  if (std::exchange(may_hold_request_, false)) {
    const auto next = take(std::exchange(arrived_, {}));
    if (next != Next::Readable || phase_ == Phase::Linger) return next;
  }
  return readSome(scratch);
}

Connection::Next Connection::readSome(std::span<char> scratch) {
  while (true) {
    if (bytes_left_ == 0) return Next::Writable;  // the turn is over
    const auto got = wire_.receive(scratch);
    if (got.outcome == Wire::Outcome::Blocked) {
      return wire_.wantsWrite() ? Next::Writable : Next::Readable;
    }
    if (got.outcome == Wire::Outcome::End) return Next::End;
    phase_ = Phase::Request;
    bytes_left_ -= std::min(bytes_left_, got.size);
    const std::string_view bytes(scratch.data(), got.size);
    const auto next = body_.underWay() ? takeBody(bytes) : take(bytes);
    // What comes after a refusal is no request.
    if (next != Next::Readable || phase_ == Phase::Linger) return next;
    // A plain socket that gave less than it was asked for has no more.
    if (!wire_.secure() && got.size < scratch.size()) return next;
  }
}

Connection::Next Connection::take(std::string_view bytes) {
  switch (parser_.parse(bytes)) {
    case RequestHeadParser::Progress::Incomplete: return Next::Readable;
    case RequestHeadParser::Progress::Refused:
      return refuse(withStatus(parser_.refusal().status), parser_.refusal().what);
    case RequestHeadParser::Progress::Complete: break;
  }
  arrived_ = bytes;
  return beginBody();
}

Connection::Next Connection::beginBody() {
  const auto& head = parser_.head();
  const auto progress = body_.begin(head, site_.max_body, parser_.body());
  const bool more = progress == RequestBody::Progress::Incomplete &&
                    (head.chunked_body || head.content_length > arrived_.size());
  if (more && head.expects_continue) {
    Pieces pieces{"HTTP/1.1 100 Continue\r\n\r\n"};
    if (wire_.sendSome(pieces) != Wire::Outcome::Done) return Next::End;
  }
  if (progress == RequestBody::Progress::Refused) {
    return refuse(withStatus(body_.refusal().status), body_.refusal().what);
  }
  return takeBody(std::exchange(arrived_, {}));
}

Connection::Next Connection::takeBody(std::string_view bytes) {
  const auto progress = body_.take(bytes);
  switch (progress) {
    case RequestBody::Progress::Incomplete: return Next::Readable;
    case RequestBody::Progress::Complete: break;
    case RequestBody::Progress::Refused:
      return refuse(withStatus(body_.refusal().status), body_.refusal().what);
    case RequestBody::Progress::Busy:
      ++shared_.busy_bodies;
      return refuseBusy("the bodies of other requests take all the room that there is");
  }
  arrived_ = bytes;
  phase_ = Phase::Answer;
  return Next::Answer;
}

Connection::Next Connection::answer(std::span<char> scratch, bool may_wait) {
  {
    waited_before_ = wire_.waited();
    if (may_wait && !site_.calls_relief) Relief::call();
    const auto parked = std::move(parked_);
    SocketSink sink(parser_.head(), {wire_, outbox_, shared_, may_wait, may_wait && !parked},
                    [this] { return shared_.stopping.load(); });
    // A handler speaks in values. Should one throw all the same, its client sees a broken
    // connection and the others go on. What it says may quote anything, so only its type is told.
    try {
      parked ? parked->resume(sink) : site_.handler(request(), sink);
    } catch (const std::exception& failure) {
      log::error("an exception ended a connection", {{"type", typeid(failure).name()}});
      return Next::End;
    }
    parked_ = sink.takeParked();
    if (parked_) return Next::Parked;
    body_.clear();
    if (sink.broken()) return Next::End;
    keeps_alive_ = sink.keepsAlive();
  }
  if (outbox_.empty()) return afterAnswer(scratch);
  phase_ = Phase::Flush;
  return Next::Writable;
}

Connection::Next Connection::afterAnswer(std::span<char> scratch) {
  if (!keeps_alive_) {
    // A client that has sent more than it will be answered would else lose the last answer.
    return arrived_.empty() ? goAway() : linger(scratch);
  }
  parser_.reset();
  phase_ = arrived_.empty() ? Phase::Idle : Phase::Request;
  may_hold_request_ = !arrived_.empty();
  --requests_left_;
  // TLS may hold bytes that the socket does not tell of any more.
  if (!may_hold_request_ && !wire_.secure()) return Next::Readable;
  return requests_left_ > 0 ? read(scratch) : Next::Writable;
}

Connection::Next Connection::flush(std::span<char> scratch) {
  switch (outbox_.flush(wire_)) {
    case Wire::Outcome::Done: return afterAnswer(scratch);
    case Wire::Outcome::Blocked: return wire_.wantsWrite() ? Next::Writable : Next::Readable;
    case Wire::Outcome::End: break;
  }
  return Next::End;
}

// RFC 9112 section 9.6: the last answer would be lost to a reset if we closed at once.
Connection::Next Connection::linger(std::span<char> scratch) {
  if (phase_ != Phase::Linger) {
    phase_ = Phase::Linger;
    arrived_ = {};
    wire_.endSending();
  }
  while (lingered_ < (site_.max_body > 0 ? kLingerBodies : kLingerBytes)) {
    if (bytes_left_ == 0) return Next::Readable;  // the turn is over
    const auto got = wire_.receive(scratch);
    if (got.outcome == Wire::Outcome::Blocked) return Next::Readable;
    if (got.outcome == Wire::Outcome::End) break;
    lingered_ += got.size;
    bytes_left_ -= std::min(bytes_left_, got.size);
  }
  return Next::End;
}

Connection::Next Connection::goAway() {
  if (wire_.secure()) wire_.endSending();
  return Next::End;
}

Connection::Next Connection::refuse(const ResponseHead& head, std::string_view what) {
  body_.clear();
  RequestHead nothing;
  nothing.keep_alive = false;
  SocketSink sink(nothing, {wire_, outbox_, shared_, false}, [] { return true; });
  sink.send(head, std::string(what) + '\n');
  if (sink.broken() || !outbox_.empty()) return Next::End;
  phase_ = Phase::Linger;
  arrived_ = {};
  wire_.endSending();
  return Next::Readable;
}

Connection::Next Connection::refuseBusy(std::string_view what) {
  parked_.reset();
  // What speaks TLS and has not shaken hands understands no answer.
  if (phase_ == Phase::Handshake) return Next::End;
  const auto& info = faultInfo(Fault::Busy);
  auto head = withStatus(info.http_status);
  head.reason = info.name;
  head.headers.emplace_back("Retry-After", "1");
  return refuse(head,
                std::string(info.name) + ": " + std::string(what) + "; " + std::string(info.next));
}

Connection::Next Connection::timeUp() {
  if (phase_ == Phase::Flush) wire_.resetOnClose(true);
  const bool half =
      phase_ == Phase::Request &&
      (!arrived_.empty() || (body_.underWay() ? site_.max_body > 0 : parser_.started()));
  if (!half || shared_.stopping) return Next::End;
  return refuse(withStatus(408), "the request did not come in time");
}

void Connection::dropAnswer() {
  outbox_.clear();
  wire_.resetOnClose(true);
}

void Connection::wake(Phase phase) const {
  phase == Phase::Flush ? wire_.endBoth() : wire_.endReading();
}

}  // namespace postern::http
