#pragma once

#include <future>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

#include "async/group.h"
#include "async/loop.h"
#include "async/poller.h"
#include "async/task.h"

namespace postern::async {

// A loop with a thread of its own, which starts and ends with this object. Thread-safe, except for
// loop(): other threads use only its inbox and clock.
class LoopThread {
 public:
  // The clock must outlive the object. Throws Poco::Exception without a free descriptor,
  // std::system_error without a thread.
  explicit LoopThread(const Clock& clock);
  // No task may be left on the loop, except for those of run(), which are destroyed.
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  Loop& loop() { return loop_; }

  // Calls the function on the loop's thread, waits for it, and returns its result. Not for the
  // loop's own thread. The function must not throw.
  template <typename Function>
  std::invoke_result_t<Function> call(Function function);
  // The same for a task: runs it on the loop to its end. Throws its exception.
  template <typename T>
  T run(Task<T> task);

 private:
  template <typename T>
  static Task<> finish(Task<T> task, std::promise<T> result);

  const std::unique_ptr<Poller> poller_;
  Loop loop_;
  Group tasks_;
  std::thread thread_;
};

// Destroys an object on the thread of the loop with this inbox. For objects that have sockets,
// scopes or tasks there, and whose last std::shared_ptr may be released on any thread.
template <typename Object>
class DeleteOnLoop {
 public:
  explicit DeleteOnLoop(Loop& loop) : inbox_(loop.inbox()) {}
  void operator()(Object* object) const {
    auto owned = std::shared_ptr<Object>(object);
    auto& inbox = *inbox_;
    inbox.post([owned = std::move(owned)]() mutable { owned.reset(); });
  }

 private:
  std::shared_ptr<Inbox> inbox_;
};

template <typename Object, typename... Arguments>
std::shared_ptr<Object> makeOnLoop(Loop& loop, Arguments&&... arguments) {
  return {new Object(std::forward<Arguments>(arguments)...), DeleteOnLoop<Object>(loop)};
}

// Its destructor waits until the loop has done the work posted earlier: objects of makeOnLoop()
// without owners are destroyed by then. Declare it before such members, and after the members that
// they use.
class LoopFlush {
 public:
  // `thread` must outlive the object.
  explicit LoopFlush(LoopThread& thread) : thread_(thread) {}
  ~LoopFlush() {
    thread_.call([] {});
  }
  LoopFlush(const LoopFlush&) = delete;
  LoopFlush& operator=(const LoopFlush&) = delete;

 private:
  LoopThread& thread_;
};

template <typename Function>
std::invoke_result_t<Function> LoopThread::call(Function function) {
  using Returned = std::invoke_result_t<Function>;
  std::packaged_task<Returned()> job(std::move(function));
  loop_.inbox()->post([&job] { job(); });
  return job.get_future().get();
}

template <typename T>
Task<> LoopThread::finish(Task<T> task, std::promise<T> result) {
  std::exception_ptr thrown;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      result.set_value();
    } else {
      T value = co_await std::move(task);
      result.set_value(std::move(value));
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) result.set_exception(thrown);
}

template <typename T>
T LoopThread::run(Task<T> task) {
  std::promise<T> result;
  auto future = result.get_future();
  Task<> whole = finish(std::move(task), std::move(result));
  loop_.inbox()->post([this, &whole] { tasks_.add(std::move(whole)); });
  return future.get();
}

}  // namespace postern::async
