#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace postern::kube {

// What has to be done from time to time, all on one thread.
class Chores {
 public:
  // Returns in what time it wants to be called again; comes back soon when it is asked to stop.
  using Chore = std::function<std::chrono::milliseconds(const std::stop_token&)>;

  // Begins at once, with each of `chores` in their order.
  explicit Chores(std::vector<Chore> chores);
  ~Chores();  // waits for a chore that is under way
  Chores(const Chores&) = delete;
  Chores& operator=(const Chores&) = delete;

  // Begins no further chore. False when one was still under way at `deadline`.
  bool stop(SteadyTime deadline);

 private:
  void work(const std::stop_token& stop);

  const std::vector<Chore> chores_;
  Mutex mutex_;
  std::condition_variable_any wake_;
  bool idle_ GUARDED_BY(mutex_) = false;  // the thread has ended
  std::jthread thread_;
};

}  // namespace postern::kube
