#include "scrape/workers.h"

#include <algorithm>
#include <utility>

namespace postern::scrape {

namespace {

constexpr std::chrono::seconds kIdle{60};

}  // namespace

Workers::Workers(std::size_t bound) : bound_(bound) {}

Workers::~Workers() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  queued_.notify_all();
  left_.wait(lock, [&] { return threads_ == 0; });
}

void Workers::run(std::function<void()> job) {
  std::unique_lock lock(mutex_);
  queue_.push_back(std::move(job));
  if (queue_.size() <= idle_) {
    lock.unlock();  // or the thread that wakes would wait for it at once
    queued_.notify_one();
  } else if (threads_ < bound_) {
    ++threads_;
    std::thread([this] { work(std::unique_lock(mutex_)); }).detach();
  }
}

bool Workers::settle(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  return left_.wait_until(lock, deadline, [&] { return queue_.empty() && idle_ == threads_; });
}

void Workers::raiseBound(std::size_t bound) {
  const std::lock_guard lock(mutex_);
  bound_ = std::max(bound_, bound);
}

void Workers::work(std::unique_lock<std::mutex> lock) {
  while (true) {
    if (queue_.empty()) {
      if (stopping_) break;
      ++idle_;
      left_.notify_all();
      const bool woken =
          queued_.wait_for(lock, kIdle, [&] { return !queue_.empty() || stopping_; });
      --idle_;
      if (!woken) break;
      continue;
    }
    const auto job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
  --threads_;
  left_.notify_all();
}

}  // namespace postern::scrape
