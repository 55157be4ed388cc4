#pragma once

#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/descriptor.h"

namespace postern::http {

// Up to kMost pieces of bytes that are sent one after another. Borrows them.
class Pieces {
 public:
  static constexpr std::size_t kMost = 4;

  Pieces(std::initializer_list<std::string_view> pieces);

  bool empty() const { return first_ == count_; }
  std::span<const std::string_view> left() const {
    return {pieces_.data() + first_, count_ - first_};
  }
  // The first `size` bytes are gone.
  void drop(std::size_t size);

 private:
  std::array<std::string_view, kMost> pieces_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

// The bytes of one connection, plain or through TLS, straight from and to its socket, which it
// owns. Never raises SIGPIPE. One thread at a time.
class Wire {
 public:
  enum class Outcome : std::uint8_t {
    Done,     // what was asked for; for receive(): there are bytes
    Blocked,  // the socket has to be ready first: wantsWrite() says for what
    End,      // closed or broken by the peer
  };
  struct Received {
    Outcome outcome;
    std::size_t size = 0;
  };

  // After `interrupt`, which must outlive the wire, nothing is sent any more.
  Wire(Descriptor socket, const std::atomic<bool>& interrupt)
      : socket_(std::move(socket)), interrupt_(interrupt) {}
  Wire(const Wire&) = delete;  // its TLS points to it
  Wire& operator=(const Wire&) = delete;

  int descriptor() const { return socket_.number(); }
  bool secure() const { return ssl_ != nullptr; }

  // Bytes of the first TLS record, as far as the bytes that have arrived tell: 5 until its header
  // is there; 0 when it is no handshake, or the peer has gone. Takes nothing.
  int firstRecord() const;
  // Its socket is readable, to a poller, when so many bytes have arrived, or the peer has gone.
  void wakeAt(int size) const;
  // From now on TLS is spoken; handshake() comes next. Returns false when there is no memory.
  bool secureWith(SSL_CTX& context);
  // Never waits. End: refused by one of the two; plainHttp() says whether that was because the
  // client does not speak TLS at all.
  Outcome handshake();
  bool plainHttp() const { return plain_http_; }
  // TLS is over; what is sent from now on is plain.
  void dropTls() { ssl_.reset(); }

  // Never waits. A peer that sends 16 TLS records in a row without data, as Go counts them, has
  // closed the connection: End.
  Received receive(std::span<char> room);
  // Sends what the socket takes at once and drops it from the pieces. Done: all of them.
  Outcome sendSome(Pieces& pieces);
  // From now on, or until now, what is sent waits for the peer. By one thread; `now` of the steady
  // clock.
  void beginWait(SteadyTime now) { waiting_since_ = now.time_since_epoch().count(); }
  void endWait(SteadyTime now) {
    waited_ += now.time_since_epoch().count() - waiting_since_.exchange(0);
  }
  // How long it has waited in all, also while it waits. Thread-safe.
  std::chrono::milliseconds waited() const;
  // Whether the peer has closed its side. Thread-safe.
  bool peerGone() const;
  // After Blocked: whether the socket has to take bytes before it goes on.
  bool wantsWrite() const { return wants_write_; }

  // While on, closing the connection, or the end of the process, resets it: no peer takes what
  // it has got for the whole.
  void resetOnClose(bool on);
  // Nothing more comes from us, and what the peer still sends is received as it is on the wire.
  void endSending();
  // The socket is ready from now on: the peer's bytes end with those that have arrived.
  // Thread-safe, as is the next.
  void endReading() const;
  // And nothing more is sent.
  void endBoth() const;

 private:
  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  Outcome sslOutcome(int result);
  Outcome sendPlain(Pieces& pieces);
  Outcome sendSecure(Pieces& pieces);

  Descriptor socket_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  const std::atomic<bool>& interrupt_;
  std::atomic<SteadyTime::rep> waited_{0};         // before the wait that is under way
  std::atomic<SteadyTime::rep> waiting_since_{0};  // 0: nothing waits
  int records_without_data_ = 0;                   // received in a row
  bool wants_write_ = false;
  bool plain_http_ = false;
};

}  // namespace postern::http
