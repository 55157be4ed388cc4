#pragma once

#include <Poco/Net/Socket.h>

#include <coroutine>

#include "async/loop.h"
#include "async/scope.h"

namespace postern::async {

// A socket whose tasks wait in a loop until it is readable or writable. It stays in the poller with
// the modes of the last wait, so that repeated reads of a connection need no further system call. A
// mode that is ready without a waiter is removed. On the loop's thread.
class PolledSocket {
 public:
  // The loop must outlive the object. The socket should be non-blocking.
  PolledSocket(Loop& loop, const Poco::Net::Socket& socket);
  // No task may wait for it.
  ~PolledSocket();
  PolledSocket(const PolledSocket&) = delete;
  PolledSocket& operator=(const PolledSocket&) = delete;

  const Poco::Net::Socket& socket() const { return socket_; }
  int descriptor() const { return socket_.impl()->sockfd(); }

  class Readiness;
  // `co_await`: true when it is readable (or writable), or has failed; false when the scope ended
  // first.
  [[nodiscard]] Readiness readable(Scope& scope);
  [[nodiscard]] Readiness writable(Scope& scope);

 private:
  friend class Loop;
  void becameReady(int modes);
  void want(int mode);
  void setModes(int modes);

  Loop& loop_;
  const Poco::Net::Socket socket_;
  int modes_ = 0;  // modes registered with the poller
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
