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

// Up to kMost pieces of bytes to send in order. Borrows them.
class BufferSequence {
 public:
  static constexpr std::size_t kMost = 4;

  BufferSequence(std::initializer_list<std::string_view> pieces);

  bool empty() const { return first_ == count_; }
  std::span<const std::string_view> left() const {
    return {pieces_.data() + first_, count_ - first_};
  }
  // Removes the first `size` bytes.
  void drop(std::size_t size);

 private:
  std::array<std::string_view, kMost> pieces_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

enum class IoOutcome : std::uint8_t {
  Done,     // success; for receive(): bytes are available
  Blocked,  // wait for the socket first: wantsWrite() says for which direction
  End,      // closed or broken by the peer
};

// The transport of one connection, plain or TLS, with its socket, which it owns. Never raises
// SIGPIPE. One thread at a time.
class Transport {
 public:
  struct Received {
    IoOutcome outcome;
    std::size_t size = 0;
  };

  // Sends nothing after `interrupt`, which must outlive the transport.
  Transport(Descriptor socket, const std::atomic<bool>& interrupt)
      : socket_(std::move(socket)), interrupt_(interrupt) {}
  Transport(const Transport&) = delete;  // its TLS points to it
  Transport& operator=(const Transport&) = delete;

  int descriptor() const { return socket_.number(); }
  bool secure() const { return ssl_ != nullptr; }

  // Size of the first TLS record, as far as known from the arrived bytes: 5 until its header is
  // complete; 0 when it is not a handshake, or the peer is gone. Consumes nothing.
  int firstRecord() const;
  // Makes the poller report the socket as readable when this many bytes have arrived, or the peer
  // is gone.
  void wakeAt(int size) const;
  // Starts TLS; handshake() comes next. Returns false when out of memory.
  bool secureWith(SSL_CTX& context);
  // Never waits. End: refused by either side. plainHttp() says whether the client does not speak
  // TLS at all.
  IoOutcome handshake();
  bool plainHttp() const { return plain_http_; }
  // Ends TLS. Later bytes are sent in plain text.
  void dropTls() { ssl_.reset(); }

  // Never waits. A peer that sends 16 TLS records in a row without data, by Go's count, counts as
  // closed: End.
  Received receive(std::span<char> room);
  // Sends what the socket accepts without waiting and removes it from the pieces. Done: all of
  // them.
  IoOutcome sendSome(BufferSequence& pieces);
  // Begins or ends a wait for the peer while sending. By one thread; `now` of the steady clock.
  void beginWait(SteadyTime now) { waiting_since_ = now.time_since_epoch().count(); }
  void endWait(SteadyTime now) {
    waited_ += now.time_since_epoch().count() - waiting_since_.exchange(0);
  }
  // Total time of waiting, including a wait in progress. Thread-safe.
  std::chrono::milliseconds waited() const;
  // Whether the peer has closed its side. Thread-safe.
  bool peerGone() const;
  // After Blocked: whether the socket must become writable first.
  bool wantsWrite() const { return wants_write_; }

  // While on, closing the connection, or the end of the process, resets it, so that no peer takes
  // partial data for the whole.
  void resetOnClose(bool on);
  // Sends nothing more, and receives what the peer still sends without decryption.
  void endSending();
  // Makes the socket readable immediately: the peer's bytes end with those that have arrived.
  // Thread-safe, like the next function.
  void endReading() const;
  // Also ends sending.
  void endBoth() const;

 private:
  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  IoOutcome sslOutcome(int result);
  IoOutcome sendPlain(BufferSequence& pieces);
  IoOutcome sendSecure(BufferSequence& pieces);

  Descriptor socket_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  const std::atomic<bool>& interrupt_;
  std::atomic<SteadyTime::rep> waited_{0};         // before the current wait
  std::atomic<SteadyTime::rep> waiting_since_{0};  // 0: nothing waits
  int records_without_data_ = 0;                   // received in a row
  bool wants_write_ = false;
  bool plain_http_ = false;
};

}  // namespace postern::http
