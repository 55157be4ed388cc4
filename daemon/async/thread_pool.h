#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "async/job_runner.h"
#include "base/clock.h"
#include "base/crew.h"
#include "base/mutex.h"

namespace postern::async {

// Threads for what may block: made when a job finds none idle, at most `bound` of them, all but one
// gone again after ten seconds without work. A job goes to the thread that was at work last, so
// that those which are needed no more see none, and take the memory with them that the allocator
// keeps for each. A job beyond the bound, or for which the system has no thread, waits in the
// queue. Thread-safe.
class ThreadPool final : public JobRunner {
 public:
  // Throws std::system_error when there can be no thread at all.
  explicit ThreadPool(std::size_t bound);
  // Finishes what is queued, and leaves no thread behind; jobs end by their own deadlines.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void run(Job job) override;
  // Waits until no job is left; false when `deadline` came first.
  bool settle(SteadyTime deadline);
  // Never falls: threads that are there stay until they are idle.
  void raiseBound(std::size_t bound);

 private:
  struct Idler {
    std::condition_variable woken;
    bool called = false;  // guarded by the mutex: somebody has taken it off the list
  };

  bool startThread() REQUIRES(mutex_);
  void work();

  Mutex mutex_;
  std::condition_variable settled_;  // a thread is idle, or has ended
  std::deque<Job> queue_ GUARDED_BY(mutex_);
  std::size_t bound_ GUARDED_BY(mutex_);
  Crew crew_ GUARDED_BY(mutex_){"for blocking work"};
  std::vector<std::shared_ptr<Idler>> idle_ GUARDED_BY(mutex_);  // the last one was at work last
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace postern::async
