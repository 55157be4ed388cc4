#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/gzip_encoder.h"
#include "http/interrupt.h"
#include "http/message.h"
#include "http/outbox.h"
#include "http/request_body.h"
#include "http/request_head.h"
#include "http/server.h"
#include "http/wire.h"

namespace postern::http {

// What all connections of a server share. Outlives them.
struct Shared {
  Server::Options options;
  GzipEncoders encoders;
  Interrupt interrupt;
  Budget outbox_budget{Outbox::kMost};
  Budget stream_budget{Outbox::kMost};
  Budget body_budget{RequestBody::kMost};
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> failed_handshakes{0};
  std::atomic<std::uint64_t> busy_bodies{0};  // for which there was no room
  // Ends an answer that a slow reader has left in its outbox for some time, the oldest one first.
  // Returns false when there is none.
  std::function<bool()> endSlowestFlush;
};

// One client, request after request, as a state machine: whoever holds it when its socket is ready
// takes it as far as it goes without waiting. Bodies of requests are read and dropped, unless its
// site takes them. One thread at a time.
class Connection {
 public:
  // What it waits for.
  enum class Next : std::uint8_t {
    Readable,
    Writable,
    Answer,  // there is a whole request: answer() comes next
    Parked,  // its answer waits for parked(): answer() comes next, then
    End,     // nothing: it is over
  };
  // Which time limit it is under.
  enum class Phase : std::uint8_t {
    Handshake,
    Request,  // on its way, head and body
    Idle,
    Answer,
    Flush,   // the rest of an answer waits for a slow reader
    Linger,  // the last answer is out; what still comes is dropped
  };

  // `site` and `shared` must outlive it.
  Connection(Descriptor socket, const Site& site, Shared& shared);

  Phase phase() const { return phase_; }
  int descriptor() const { return wire_.descriptor(); }
  const Request& request() const { return parser_.head().request; }
  // Why it was parked; requires Next::Parked.
  const Parked& parked() const { return *parked_; }
  bool quick() const { return site_.quick && site_.quick(request()); }

  // When the socket is ready. Never waits, and starts a turn: after some requests or bytes it
  // returns Next::Writable, so that the poller serves the other connections first. `scratch` is the
  // thread's; nothing stays in it.
  Next advance(std::span<char> scratch);
  // After Next::Answer, or to go on after Next::Parked. `may_wait`: whether the answer may be
  // parked and a slow reader may hold the thread up.
  Next answer(std::span<char> scratch, bool may_wait);
  // Instead of answer(), or of the first advance(): `busy`, and the end.
  Next refuseBusy(std::string_view what);
  // Instead of advance(), when the time of its phase is over.
  Next timeUp();
  // Instead of advance(), in Phase::Flush: what is left of the answer is dropped, and the client
  // sees a reset.
  void dropAnswer();
  // Makes the socket ready, so that whoever waits for it looks after the connection. It may be
  // called while another thread holds it, as may the next two; its descriptor must be open.
  void wake(Phase phase) const;
  // How long answer() has waited for a slow reader in all.
  std::chrono::milliseconds waited() const { return wire_.waited() - waited_before_.load(); }
  // answer() waits for its reader no longer, and the connection ends.
  void disconnect() const { wire_.endBoth(); }

 private:
  Next shakeHands(std::span<char> scratch);
  Next read(std::span<char> scratch);
  Next readSome(std::span<char> scratch);
  Next take(std::string_view bytes);
  Next beginBody();
  Next takeBody(std::string_view bytes);
  Next afterAnswer(std::span<char> scratch);
  Next flush(std::span<char> scratch);
  Next linger(std::span<char> scratch);
  Next refuse(const ResponseHead& head, std::string_view what);
  Next goAway();

  const Site& site_;
  Shared& shared_;
  Wire wire_;
  Outbox outbox_;
  RequestHeadParser parser_;
  std::string arrived_;  // bytes that no request has taken yet
  RequestBody body_;
  std::size_t lingered_ = 0;
  int requests_left_ = 0;          // of this turn
  std::size_t bytes_left_ = 0;     // of this turn
  bool may_hold_request_ = false;  // arrived_, which the last turn left
  Phase phase_ = Phase::Request;
  bool keeps_alive_ = true;
  std::atomic<std::chrono::milliseconds> waited_before_{};  // for other answers
  std::unique_ptr<Parked> parked_;
};

}  // namespace postern::http
