#include "kube/periodic_tasks.h"

#include <algorithm>
#include <utility>

namespace postern::kube {

PeriodicTasks::PeriodicTasks(std::vector<Action> tasks)
    : tasks_(std::move(tasks)), thread_([this](const std::stop_token& stop) { work(stop); }) {}

PeriodicTasks::~PeriodicTasks() = default;

bool PeriodicTasks::stop(SteadyTime deadline) {
  thread_.request_stop();
  MutexLock lock(mutex_);
  return wake_.wait_until(lock.native(), deadline, [this]() REQUIRES(mutex_) { return idle_; });
}

void PeriodicTasks::work(const std::stop_token& stop) {
  std::vector<SteadyTime> due(tasks_.size(), std::chrono::steady_clock::now());
  while (!stop.stop_requested() && !due.empty()) {
    const auto next = std::ranges::min_element(due);
    MutexLock lock(mutex_);
    wake_.wait_until(lock.native(), stop, *next, [] { return false; });
    lock.unlock();
    if (stop.stop_requested()) break;
    *next = deadlineIn(tasks_[static_cast<std::size_t>(next - due.begin())](stop));
  }
  const MutexLock lock(mutex_);
  idle_ = true;
  wake_.notify_all();
}

}  // namespace postern::kube
