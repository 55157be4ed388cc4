#pragma once

#include <Poco/Net/Socket.h>

#include <coroutine>

#include "async/loop.h"
#include "async/scope.h"

namespace postern::async {

// A socket whose tasks wait in a loop until it can be read or written. It stays in the poller with
// the modes that were last waited for, so that a connection which is read again and again costs no
// further system call; a mode that is ready while nobody waits for it is taken out. On the loop's
// thread.
class PolledSocket {
 public:
  // The loop must outlive it. The socket should not block.
  PolledSocket(Loop& loop, const Poco::Net::Socket& socket);
  // Nobody may wait for it.
  ~PolledSocket();
  PolledSocket(const PolledSocket&) = delete;
  PolledSocket& operator=(const PolledSocket&) = delete;

  const Poco::Net::Socket& socket() const { return socket_; }
  int descriptor() const { return socket_.impl()->sockfd(); }

  class Readiness;
  // `co_await`: true when it can be read (or written) without waiting, or has failed; false when
  // the scope ended before.
  [[nodiscard]] Readiness readable(Scope& scope);
  [[nodiscard]] Readiness writable(Scope& scope);

 private:
  friend class Loop;
  void becameReady(int modes);
  void want(int mode);
  void setModes(int modes);

  Loop& loop_;
  const Poco::Net::Socket socket_;
  int modes_ = 0;  // those that the poller knows
  WaitList readers_;
  WaitList writers_;
};

class PolledSocket::Readiness final : private Wait {
 public:
  Readiness(PolledSocket& socket, int mode, Scope& scope)
      : Wait(scope), socket_(socket), mode_(mode) {}
  bool await_ready() const { return refused(); }
  void await_suspend(std::coroutine_handle<> task);
  bool await_resume() const { return came(); }

 private:
  PolledSocket& socket_;
  const int mode_;
};

inline PolledSocket::Readiness PolledSocket::readable(Scope& scope) {
  return {*this, Poller::kRead, scope};
}
inline PolledSocket::Readiness PolledSocket::writable(Scope& scope) {
  return {*this, Poller::kWrite, scope};
}

}  // namespace postern::async
