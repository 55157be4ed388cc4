#include "async/polled_socket.h"

#include <utility>

namespace postern::async {

PolledSocket::PolledSocket(Loop& loop, const Poco::Net::Socket& socket)
    : loop_(loop), socket_(socket) {
  loop_.add(*this);
}

PolledSocket::~PolledSocket() {
  setModes(0);
  loop_.remove(*this);
}

void PolledSocket::Readiness::await_suspend(std::coroutine_handle<> task) {
  suspend(task);
  (mode_ == Poller::kRead ? socket_.readers_ : socket_.writers_).push_back(*this);
  socket_.want(mode_);
}

void PolledSocket::want(int mode) {
  if ((modes_ & mode) == 0) setModes(modes_ | mode);
}

// After an error it wakes both directions. Their system calls report the error.
void PolledSocket::becameReady(int modes) {
  if ((modes & Poller::kError) != 0) modes |= modes_;
  int unwanted = 0;
  for (auto [mode, waits] : {std::pair(Poller::kRead, &readers_), {Poller::kWrite, &writers_}}) {
    if ((modes & mode) == 0) continue;
    if (waits->empty()) unwanted |= mode;
    while (!waits->empty()) waits->front().wake(true);
  }
  if (unwanted != 0) setModes(modes_ & ~unwanted);
}

// With an empty mode the poller would report a hang-up of the peer again and again.
void PolledSocket::setModes(int modes) {
  if (modes == modes_) return;
  if (modes_ == 0) {
    loop_.poller_.add(socket_, modes);
  } else if (modes == 0) {
    loop_.poller_.remove(socket_);
  } else {
    loop_.poller_.update(socket_, modes);
  }
  modes_ = modes;
}

}  // namespace postern::async
