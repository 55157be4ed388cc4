#pragma once

#include <cassert>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "async/task_promise.h"

namespace postern::async {

template <typename T>
class Task;

template <typename T>
class ValuePromise : public TaskPromise {
 public:
  Task<T> get_return_object() noexcept;
  template <typename Value>
  void return_value(Value&& value) {
    value_.emplace(std::forward<Value>(value));
  }
  T result() {
    rethrow();
    assert(value_);
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class ValuePromise<void> : public TaskPromise {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void result() const { rethrow(); }
};

// A coroutine that starts when a caller awaits it, and is destroyed with its owner, also while it
// waits. So no coroutine outlives the object that started it. It stays on the thread of one loop.
// An exception that leaves the coroutine also leaves its co_await.
//
// Rules for g++ 12, which scripts/check_awaits.py checks: the arguments of an awaited call are
// names, not temporaries, and no co_await is in the condition of `if` or `switch`. Also no co_await
// in a catch block, in a conditional operator or in a default argument. Parameters are passed by
// value, or by reference to an object of the owner; never as a view of a temporary.
template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = ValuePromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Runs it to its first wait, or to its end. Call once; for owners that do not await it.
  void start() { handle_.resume(); }
  bool done() const { return handle_.done(); }
  void observeWith(TaskObserver& observer) { handle_.promise().observeWith(observer); }
  std::exception_ptr exception() const { return handle_.promise().exception(); }
  // Requires done(). Call once. Throws the coroutine's exception.
  T result() { return handle_.promise().result(); }

  class Awaiter {
   public:
    explicit Awaiter(Handle task) : task_(task) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> awaiting) {
      task_.resume();
      if (task_.done()) return false;
      task_.promise().continueWith(awaiting);
      return true;
    }
    T await_resume() { return task_.promise().result(); }

   private:
    Handle task_;
  };
  // Use once.
  Awaiter operator co_await() && { return Awaiter(handle_); }

 private:
  friend promise_type;
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

template <typename T>
Task<T> ValuePromise<T>::get_return_object() noexcept {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}
inline Task<void> ValuePromise<void>::get_return_object() noexcept {
  return Task<void>(Task<void>::Handle::from_promise(*this));
}

}  // namespace postern::async
