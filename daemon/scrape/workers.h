#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace postern::scrape {

// Threads that fetch pages: made when a job finds none idle, at most `bound` of them, gone
// again after a minute without work. A job beyond the bound waits in the queue. Thread-safe.
class Workers {
 public:
  explicit Workers(std::size_t bound);
  ~Workers();  // finishes what is queued; jobs end by their own deadlines
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void run(std::function<void()> job);
  // Waits until no job is left; false when `deadline` came first.
  bool settle(SteadyTime deadline);
  // Never falls: threads that are there stay until they are idle.
  void raiseBound(std::size_t bound);

 private:
  void work(std::unique_lock<std::mutex> lock);

  std::mutex mutex_;
  std::condition_variable queued_;
  std::condition_variable left_;             // a thread has ended
  std::deque<std::function<void()>> queue_;  // guarded by mutex_, as is what follows
  std::size_t bound_;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace postern::scrape
