#include "http/served_connection.h"

#include <algorithm>
#include <exception>
#include <typeinfo>
#include <utility>

#include "async/borrowed_socket.h"
#include "async/offload.h"
#include "base/log.h"
#include "base/result.h"
#include "http/connection_table.h"
#include "http/response_head.h"

namespace postern::http {
namespace {

// Requests in one turn of a connection. Then the other connections have theirs.
constexpr int kMostRequestsInATurn = 8;
constexpr std::size_t kMostBytesInATurn = 64U << 10;

// Bytes that a refused peer may still send: the first number, or the second where bodies are
// accepted.
constexpr std::size_t kMostLingered = 256U << 10;
constexpr std::size_t kMostLingeredBodies = 16U << 20;
constexpr std::chrono::milliseconds kLingerPatience{1000};

}  // namespace

ServedConnection::ServedConnection(const ConnectionContext& context, Descriptor socket,
                                   const Service& service, const IpAddress& address,
                                   const char* too_many)
    : Flushing(context.server.flush_budget),
      loop_(context.loop),
      server_(context.server),
      table_(context.table),
      service_(service),
      address_(address),
      transport_(std::move(socket), context.server.interrupt),
      socket_(context.loop, async::BorrowedSocket(transport_.descriptor())),
      scope_(context.loop) {
  if (too_many != nullptr) refuseBusy(too_many);
  table_.add(*this);
}

ServedConnection::~ServedConnection() {
  table_.remove(*this);
}

// Staying in the same phase does not extend its time.
void ServedConnection::enter(Phase phase) {
  if (time_ && phase_ == phase) return;
  const bool goes_on = phase_ == Phase::Hello && phase == Phase::Handshake;
  phase_ = phase;
  if (goes_on) return table_.move(*this);
  since_ = loop_.now();
  const auto& options = server_.options;
  auto limit = std::chrono::milliseconds::max();
  switch (phase) {
    case Phase::Hello:
    case Phase::Handshake:
    case Phase::Request: limit = options.header_timeout; break;
    case Phase::Idle: limit = options.idle_timeout; break;
    case Phase::Linger: limit = kLingerPatience; break;
    case Phase::Flush:
    case Phase::Answer: break;  // each write has a limit of its own
  }
  time_.emplace(scope_, limit == limit.max() ? SteadyTime::max() : since_ + limit);
  table_.move(*this);
}

async::Task<> ServedConnection::run() {
  requests_left_ = kMostRequestsInATurn;
  bytes_left_ = kMostBytesInATurn;
  // A client that expects TLS and has not completed the handshake cannot read a refusal.
  if (refused_ && service_.tls) co_return;
  bool open = refused_ != nullptr || !service_.tls;
  if (!open) open = co_await shakeHands();
  while (open && !refused_) {
    const auto asked = co_await readRequest();
    if (asked == ConnectionInput::End) co_return;
    if (refused_) break;
    open = co_await answer();
  }
  if (refused_) co_await sendRefusal();
}

// Waits until the socket is ready for the connection's next step. Not ready when its time is over.
async::PolledSocket::Readiness ServedConnection::waitForPeer() {
  return transport_.wantsWrite() ? socket_.writable(*time_) : socket_.readable(*time_);
}

// Creates the TLS state when the first record has arrived. So a silent client, or one with half a
// record, costs little.
async::Task<bool> ServedConnection::waitForHello() {
  int size = 1;
  while (true) {
    transport_.wakeAt(size);
    const bool ready = co_await socket_.readable(*time_);
    if (!ready) co_return false;
    if (transport_.peerGone()) {
      ++server_.failed_handshakes;
      co_return false;
    }
    const int needed = transport_.firstRecord();
    if (needed <= size) break;
    size = needed;
  }
  transport_.wakeAt(1);
  co_return true;
}

// The handshake computes for a long time. Its thread uses the connection alone meanwhile.
async::Task<bool> ServedConnection::shakeHands() {
  enter(Phase::Hello);
  const bool spoke = co_await waitForHello();
  if (!spoke) co_return false;
  enter(Phase::Handshake);
  const auto context = service_.tls();
  if (!context) co_return true;
  if (!transport_.secureWith(*context)) co_return false;
  async::Scope whole(loop_);
  auto outcome = IoOutcome::Blocked;
  while (outcome == IoOutcome::Blocked) {
    auto step = [this] { return transport_.handshake(); };
    const auto done = co_await async::offload(server_.runner, whole, std::move(step));
    outcome = *done;
    if (outcome != IoOutcome::Blocked) break;
    const bool ready = co_await waitForPeer();
    if (!ready) co_return false;
  }
  if (outcome == IoOutcome::Done) co_return !scope_.ended();
  ++server_.failed_handshakes;
  transport_.dropTls();
  if (transport_.plainHttp()) {
    refuse(400, "the request is plain HTTP, expected HTTPS on this port");
  } else {
    // The unread bytes of the client would cause a reset, and the client would lose the alert with
    // the reason.
    co_await linger();
  }
  co_return false;
}

async::Task<ServedConnection::ConnectionInput> ServedConnection::readRequest() {
  body_.reset();
  if (arrived_.empty()) {
    parser_.reset();
  } else if (parser_) {
    parser_->reset();
  }
  // A new connection must send its first request in time.
  const bool waits = answered_ && arrived_.empty();
  enter(waits ? Phase::Idle : Phase::Request);
  if (--requests_left_ < 0) bytes_left_ = 0;
  bool whole = !arrived_.empty() && take(std::exchange(arrived_, {}));
  while (!whole) {
    if (bytes_left_ == 0) {
      requests_left_ = kMostRequestsInATurn;
      bytes_left_ = kMostBytesInATurn;
      const bool turned = co_await loop_.turn(*time_);
      if (!turned) co_return timeUp();
    }
    // A plain socket that returned fewer bytes than requested has no bytes left. TLS may hold
    // bytes.
    if (!drained_) {
      const auto got = transport_.receive(server_.scratch);
      if (got.outcome == IoOutcome::End) co_return ConnectionInput::End;
      if (got.outcome == IoOutcome::Done) {
        drained_ = !transport_.secure() && got.size < server_.scratch.size();
        enter(Phase::Request);
        bytes_left_ -= std::min(bytes_left_, got.size);
        const std::string_view bytes(server_.scratch.data(), got.size);
        whole = body_ && body_->underWay() ? takeBody(bytes) : take(bytes);
        continue;
      }
    }
    const bool ready = co_await waitForPeer();
    drained_ = false;
    if (!ready) co_return timeUp();
  }
  co_return ConnectionInput::Request;
}

// A partial request gets a 408. A whole request that arrives while the server stops is still
// answered.
ServedConnection::ConnectionInput ServedConnection::timeUp() {
  if (scope_.ended()) return ConnectionInput::End;
  const bool started =
      body_ && body_->underWay() ? service_.max_body > 0 : parser_ && parser_->started();
  if (phase_ == Phase::Request && started && !server_.stopping) {
    refuse(408, "the request did not arrive in time");
    return ConnectionInput::Request;
  }
  return ConnectionInput::End;
}

// Returns true when a whole request has arrived, or a refusal is due.
bool ServedConnection::take(std::string_view bytes) {
  if (!parser_) parser_ = std::make_unique<RequestHeadParser>();
  switch (parser_->parse(bytes)) {
    case HeadProgress::Incomplete: return false;
    case HeadProgress::Refused:
      refuse(parser_->refusal().status, parser_->refusal().what);
      return true;
    case HeadProgress::Complete: break;
  }
  const auto& head = parser_->head();
  body_ = std::make_unique<RequestBody>(server_.body_budget);
  const auto progress = body_->begin(head, service_.max_body, parser_->body());
  const bool more = progress == BodyProgress::Incomplete &&
                    (head.chunked_body || head.content_length > bytes.size());
  if (more && head.expects_continue) {
    BufferSequence pieces{"HTTP/1.1 100 Continue\r\n\r\n"};
    if (transport_.sendSome(pieces) != IoOutcome::Done) scope_.cancel();
  }
  if (progress == BodyProgress::Refused) {
    refuse(body_->refusal().status, body_->refusal().what);
    return true;
  }
  return takeBody(bytes);
}

bool ServedConnection::takeBody(std::string_view bytes) {
  switch (body_->take(bytes)) {
    case BodyProgress::Incomplete: return false;
    case BodyProgress::Complete: break;
    case BodyProgress::Refused: refuse(body_->refusal().status, body_->refusal().what); return true;
    case BodyProgress::Busy:
      ++server_.busy;
      refuseBusy("the bodies of other requests use all available memory");
      return true;
  }
  arrived_ = bytes;
  return true;
}

void ServedConnection::refuse(int status, std::string_view what) {
  refused_ = std::make_unique<Reply>();
  refused_->head.status = status;
  refused_->body = std::string(what) + '\n';
}

void ServedConnection::refuseBusy(std::string_view what) {
  refused_ = std::make_unique<Reply>(busyReply(what));
}

async::Task<> ServedConnection::sendRefusal() {
  body_.reset();
  enter(Phase::Answer);
  RequestHead nothing;
  nothing.keep_alive = false;
  ResponseEncoder encoder(nothing, server_.encoders, transport_.secure());
  BufferSequence pieces = encoder.whole(refused_->head, refused_->body, true);
  if (transport_.sendSome(pieces) == IoOutcome::Done) co_await linger();
}

// Whether another request may follow.
async::Task<bool> ServedConnection::answer() {
  enter(Phase::Answer);
  answered_ = true;
  bool keeps = false;
  bool broken = true;
  {
    const Request& request = parser_->head().request;
    Responder responder(parser_->head(), channel_, server_, *this);
    // A handler returns its errors. If one throws anyway, its client sees a broken connection and
    // the others continue. Its text may quote anything, so only its type is logged.
    try {
      co_await service_.handler(request, responder);
      broken = responder.broken();
      keeps = responder.keepsAlive();
    } catch (const std::exception& failure) {
      log::error("an exception ended a connection", {{"type", typeid(failure).name()}});
    }
  }
  body_.reset();
  if (broken || scope_.ended()) co_return false;
  if (keeps) co_return true;
  // Otherwise a client that has sent more than the server answers would lose the last answer.
  if (!arrived_.empty()) {
    co_await linger();
  } else if (transport_.secure()) {
    transport_.endSending();
  }
  co_return false;
}

// RFC 9112 section 9.6: if the connection closed immediately, a reset could discard the last
// answer.
async::Task<> ServedConnection::linger() {
  enter(Phase::Linger);
  arrived_ = {};
  transport_.endSending();
  std::size_t lingered = 0;
  while (lingered < (service_.max_body > 0 ? kMostLingeredBodies : kMostLingered)) {
    const auto got = transport_.receive(server_.scratch);
    if (got.outcome == IoOutcome::End) co_return;
    if (got.outcome == IoOutcome::Done) {
      lingered += got.size;
      bytes_left_ -= std::min(bytes_left_, got.size);
      if (bytes_left_ > 0) continue;
      bytes_left_ = kMostBytesInATurn;
      const bool turned = co_await loop_.turn(*time_);
      if (!turned) co_return;
    } else {
      const bool ready = co_await socket_.readable(*time_);
      if (!ready) co_return;
    }
  }
}

}  // namespace postern::http
