#pragma once

#include <coroutine>
#include <exception>

#include "async/frame_allocator.h"

namespace postern::async {

// Is notified of the end of a task that nobody awaits. It may destroy the task.
class TaskObserver {
 public:
  virtual void taskEnded() noexcept = 0;

 protected:
  ~TaskObserver() = default;
};

// The common part of all tasks' promises.
class TaskPromise {
 public:
  // Continues the task that awaits this one, or else the observer. No symmetric transfer: g++ makes
  // it a tail call only when it optimizes. A task that ends before its first wait has no
  // continuation yet: then Task's awaiter continues without a jump.
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> task) const noexcept {
      TaskPromise& promise = task.promise();
      if (promise.continuation_) {
        promise.continuation_.resume();
      } else if (promise.observer_ != nullptr) {
        promise.observer_->taskEnded();
      }
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  static void* operator new(std::size_t size) { return allocateFrame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { freeFrame(frame, size); }

  void continueWith(std::coroutine_handle<> continuation) noexcept { continuation_ = continuation; }
  void observeWith(TaskObserver& observer) noexcept { observer_ = &observer; }
  std::exception_ptr exception() const noexcept { return exception_; }

 protected:
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::coroutine_handle<> continuation_;
  TaskObserver* observer_ = nullptr;
  std::exception_ptr exception_;
};

}  // namespace postern::async
