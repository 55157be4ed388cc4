#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "async/job_runner.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread_group.h"

namespace postern::async {

// Threads for blocking work. A job that finds no idle thread starts one, up to `bound` threads. All
// but one end after ten seconds without work. A job goes to the thread that worked last, so that
// unneeded threads get none and end, with the memory that the allocator keeps for each. A job
// beyond the bound, or without an available thread, waits in the queue. Thread-safe.
class ThreadPool final : public JobRunner {
 public:
  // Throws std::system_error when not even one thread can start.
  explicit ThreadPool(std::size_t bound);
  // Finishes queued jobs and ends all threads. Jobs end by their own deadlines.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void run(Job job) override;
  // Waits until no job is left. Returns false when `deadline` came first.
  bool settle(SteadyTime deadline);
  // Never lowers the bound, because running threads stay until they are idle.
  void raiseBound(std::size_t bound);

 private:
  struct Idler {
    std::condition_variable woken;
    bool called = false;  // guarded by the mutex: another thread has removed it from the list
  };

  bool startThread() REQUIRES(mutex_);
  void work();

  Mutex mutex_;
  std::condition_variable settled_;  // a thread is idle, or has ended
  std::deque<Job> queue_ GUARDED_BY(mutex_);
  std::size_t bound_ GUARDED_BY(mutex_);
  ThreadGroup threads_ GUARDED_BY(mutex_){"for blocking work"};
  std::vector<std::shared_ptr<Idler>> idle_ GUARDED_BY(mutex_);  // most recent last
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace postern::async
