#include "async/loop.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "async/polled_socket.h"

namespace postern::async {

Loop::Loop(Poller& poller, const Clock& clock)
    : poller_(poller), clock_(clock), inbox_(std::make_shared<Inbox>()) {
  poller_.add(inbox_->ready(), Poller::kRead);
}

Loop::~Loop() {
  inbox_->close();
  poller_.remove(inbox_->ready());
}

void Loop::run() {
  while (!std::exchange(stopping_, false)) turnOnce();
}

void Loop::stop() {
  inbox_->post([this] { stopping_ = true; });
}

// Runs tasks last, so that run() notices immediately that its own task has ended. Resumes only
// tasks that were ready before the first one continued, so that sockets and timers have their turn.
void Loop::turnOnce() {
  poll();
  for (const auto& work : inbox_->take()) work();
  timers_.fire(now());
  resumeReady();
}

void Loop::resumeReady() {
  WaitList batch;
  batch.swap(ready_);
  for (std::size_t left = batch.size(); !batch.empty(); left = batch.size()) {
    const auto next = std::next(batch.begin(), static_cast<std::ptrdiff_t>(choose(left)));
    Wait& wait = *next;
    batch.erase(next);
    wait.task_.resume();
  }
}

// Timers fire slightly late rather than early, because the poller counts whole milliseconds.
void Loop::poll() {
  std::chrono::milliseconds patience{-1};
  if (!ready_.empty() || inbox_->full()) {
    patience = std::chrono::milliseconds(0);
  } else if (const SteadyTime next = timers_.next(); next != SteadyTime::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now());
    patience = std::max(left, std::chrono::milliseconds(0));
  }
  for (const auto& [socket, modes] : poller_.poll(patience)) {
    const auto found = sockets_.find(socket.impl());
    if (found != sockets_.end()) found->second->becameReady(modes);
  }
}

void Loop::add(PolledSocket& socket) {
  sockets_.emplace(socket.socket().impl(), &socket);
}

void Loop::remove(const PolledSocket& socket) {
  sockets_.erase(socket.socket().impl());
}

void Loop::Sleep::await_suspend(std::coroutine_handle<> task) {
  suspend(task);
  scope().loop().at(*this, time_);
}

}  // namespace postern::async
