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

// Runs periodic tasks, all on one thread.
class PeriodicTasks {
 public:
  // A task returns the time until its next call. It returns soon after a stop request.
  using Action = std::function<std::chrono::milliseconds(const std::stop_token&)>;

  // Starts at once, and calls each task in its order.
  explicit PeriodicTasks(std::vector<Action> tasks);
  ~PeriodicTasks();  // waits for a running task
  PeriodicTasks(const PeriodicTasks&) = delete;
  PeriodicTasks& operator=(const PeriodicTasks&) = delete;

  // Starts no more tasks. False if one was still running at `deadline`.
  bool stop(SteadyTime deadline);

 private:
  void work(const std::stop_token& stop);

  const std::vector<Action> tasks_;
  Mutex mutex_;
  std::condition_variable_any wake_;
  bool idle_ GUARDED_BY(mutex_) = false;  // the thread has ended
  std::jthread thread_;
};

}  // namespace postern::kube
