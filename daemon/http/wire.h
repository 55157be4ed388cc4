#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "http/interrupt.h"

namespace postern::http {

// The bytes of one connection, straight from and to its socket. Borrows the descriptor,
// which outlives it. Never raises SIGPIPE. One thread.
class Wire {
 public:
  enum class Outcome { Data, End, TimedOut };  // End: closed or broken by the peer
  struct Received {
    Outcome outcome;
    std::size_t size = 0;  // bytes, when there is Data
  };

  // `write_timeout`: how long one send() may take. After `interrupt` nothing is sent and nothing
  // waited for any more, except by receiveFirst().
  Wire(int descriptor, std::chrono::milliseconds write_timeout, const Interrupt& interrupt)
      : descriptor_(descriptor), write_timeout_(write_timeout), interrupt_(interrupt) {}

  // Waits for the first bytes in one system call; every call takes the same `timeout`.
  Received receiveFirst(std::span<char> room, std::chrono::milliseconds timeout);
  // Waits until `deadline`.
  Received receive(std::span<char> room, Deadline deadline);

  // Sends all pieces (at most kMaxPieces), together where they fit. Returns false when the peer
  // has gone or does not read them in time; the connection is of no more use then.
  static constexpr std::size_t kMaxPieces = 4;
  bool send(std::initializer_list<std::string_view> pieces);

  // While on, closing the connection, or the end of the process, resets it: no peer takes what
  // it has got for the whole.
  void resetOnClose(bool on);
  // No more comes from us; reads and drops what the peer still sends until it closes, for a
  // short while, so that the last answer is not lost to a reset (RFC 9112 section 9.6).
  void linger();

 private:
  // Returns false when the deadline has passed or the interrupt was raised.
  bool waitFor(short events, Deadline deadline) const;

  int descriptor_;
  std::chrono::milliseconds write_timeout_;
  const Interrupt& interrupt_;
  bool has_receive_timeout_ = false;
};

}  // namespace postern::http
