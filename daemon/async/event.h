#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

#include "async/scope.h"

namespace postern::async {

// An event that happens once, for any number of waiting tasks. On one loop.
class Event {
 public:
  class Waiting;
  // `co_await`: true when the event has happened; false when the scope ended first.
  [[nodiscard]] Waiting wait(Scope& scope);
  void set() {
    set_ = true;
    while (!waits_.empty()) waits_.front().wake(true);
  }
  // Later waits are for the next time.
  void reset() { set_ = false; }
  bool isSet() const { return set_; }

 private:
  WaitList waits_;
  bool set_ = false;
};

class Event::Waiting final : private Wait {
 public:
  Waiting(Event& event, Scope& scope) : Wait(scope), event_(event) {}
  bool await_ready() {
    if (refused()) return true;
    if (event_.set_) setCame();
    return event_.set_;
  }
  void await_suspend(std::coroutine_handle<> task) {
    suspend(task);
    event_.waits_.push_back(*this);
  }
  bool await_resume() const { return came(); }

 private:
  Event& event_;
};

inline Event::Waiting Event::wait(Scope& scope) {
  return {*this, scope};
}

// Admits a bounded number of tasks at a time, in the order of their arrival. A gate for one task is
// a mutex that may be held over a co_await. On one loop.
class Gate {
 public:
  // The place of an admitted task, which leaves when this object is destroyed. The gate must
  // outlive it.
  class Pass {
   public:
    Pass() = default;
    explicit Pass(Gate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }
    // Whether the task is admitted.
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    Gate* gate_ = nullptr;
  };

  explicit Gate(std::size_t places) : free_(places) {}

  class Entering;
  // `co_await`: a pass; an empty one when the scope ended first.
  [[nodiscard]] Entering enter(Scope& scope);
  // A pass when a place is free and no task waits for one; else an empty one.
  Pass tryEnter();
  std::size_t free() const { return free_; }

 private:
  void leave();

  std::size_t free_;
  WaitList waits_;
};

// A task has its place from the moment when it is woken. If the task is destroyed before it
// continues, the next task gets the place.
class Gate::Entering final : private Wait {
 public:
  Entering(Gate& gate, Scope& scope) : Wait(scope), gate_(gate) {}
  ~Entering() {
    if (came() && !taken_) gate_.leave();
  }
  bool await_ready() {
    if (refused()) return true;
    if (gate_.free_ == 0 || !gate_.waits_.empty()) return false;
    --gate_.free_;
    setCame();
    return true;
  }
  void await_suspend(std::coroutine_handle<> task) {
    suspend(task);
    gate_.waits_.push_back(*this);
  }
  Pass await_resume() {
    taken_ = came();
    return taken_ ? Pass(gate_) : Pass();
  }

 private:
  Gate& gate_;
  bool taken_ = false;
};

inline Gate::Entering Gate::enter(Scope& scope) {
  return {*this, scope};
}
inline Gate::Pass Gate::tryEnter() {
  if (free_ == 0 || !waits_.empty()) return {};
  --free_;
  return Pass(*this);
}
inline void Gate::leave() {
  if (waits_.empty()) {
    ++free_;
  } else {
    waits_.front().wake(true);
  }
}

}  // namespace postern::async
