#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <unordered_map>

#include "async/inbox.h"
#include "async/poller.h"
#include "async/scope.h"
#include "async/task.h"
#include "async/timer.h"
#include "base/clock.h"

namespace postern::async {

class PolledSocket;

// An event loop: one thread that waits for sockets, timers and posted work, and resumes the tasks
// that wait for them. Resumes ready tasks in the order in which they became ready. Everything that
// refers to the loop must end before it, except for its inbox. Used only on its own thread, the one
// that calls run(), except for stop() and inbox().
class Loop {
 public:
  // Both must outlive the loop. The clock advances while the poller waits.
  Loop(Poller& poller, const Clock& clock);
  virtual ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  const Clock& clock() const { return clock_; }
  SteadyTime now() const { return clock_.steady(); }

  // Runs until stop().
  void run();
  // Runs until the task is done. Returns its result, or throws its exception.
  template <typename T>
  T run(Task<T> task);
  // Ends run(), or its next call. Thread-safe.
  void stop();
  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

  // Calls the timer at that time. Replaces its earlier time.
  void at(Timer& timer, SteadyTime time) { timers_.set(timer, time); }

  class Turn;
  // `co_await loop.turn(scope)`: lets everything else that is ready run first, also sockets. For
  // tasks that compute for a long time, or do much for one peer. False when the scope has ended.
  [[nodiscard]] Turn turn(Scope& scope);
  class Sleep;
  // Waits until that time. False when the scope ended first.
  [[nodiscard]] Sleep sleepUntil(SteadyTime time, Scope& scope);

 protected:
  // The ready task to resume next, counted from 0. The loop of the tests overrides it to try every
  // order.
  virtual std::size_t choose(std::size_t) { return 0; }

 private:
  friend class Wait;
  friend class PolledSocket;

  void ready(Wait& wait) { ready_.push_back(wait); }
  void turnOnce();
  void resumeReady();
  void poll();
  void add(PolledSocket& socket);
  void remove(const PolledSocket& socket);

  Poller& poller_;
  const Clock& clock_;
  const std::shared_ptr<Inbox> inbox_;
  Timers timers_;
  WaitList ready_;
  std::unordered_map<const Poco::Net::SocketImpl*, PolledSocket*> sockets_;
  bool stopping_ = false;
};

class Loop::Turn final : private Wait {
 public:
  explicit Turn(Scope& scope) : Wait(scope) {}
  bool await_ready() const { return refused(); }
  void await_suspend(std::coroutine_handle<> task) {
    suspend(task);
    wake(true);
  }
  bool await_resume() const { return came(); }
};

class Loop::Sleep final : private Wait, private Timer {
 public:
  Sleep(SteadyTime time, Scope& scope) : Wait(scope), time_(time) {}
  bool await_ready() const { return refused(); }
  void await_suspend(std::coroutine_handle<> task);
  bool await_resume() const { return came(); }

 private:
  void fire() override { wake(true); }

  const SteadyTime time_;
};

inline Loop::Turn Loop::turn(Scope& scope) {
  return Turn(scope);
}
inline Loop::Sleep Loop::sleepUntil(SteadyTime time, Scope& scope) {
  return {time, scope};
}

template <typename T>
T Loop::run(Task<T> task) {
  task.start();
  while (!task.done()) turnOnce();
  return task.result();
}

}  // namespace postern::async
