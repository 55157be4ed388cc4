#include "scrape/workers.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace postern::scrape {

namespace {

constexpr std::chrono::seconds kIdle{10};

}  // namespace

Workers::Workers(std::size_t bound) : bound_(bound) {
  const std::lock_guard lock(mutex_);
  startThread();
}

Workers::~Workers() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (const auto& idler : idle_) idler->woken.notify_one();
  left_.wait(lock, [&] { return threads_ == 0; });
}

void Workers::run(std::function<void()> job) {
  std::unique_lock lock(mutex_);
  queue_.push_back(std::move(job));
  if (!idle_.empty()) {
    const auto last = std::move(idle_.back());
    idle_.pop_back();
    last->called = true;
    lock.unlock();  // or the thread that wakes would wait for it at once
    last->woken.notify_one();
  } else if (threads_ < bound_) {
    try {
      startThread();
    } catch (const std::system_error& failure) {
      log::warn("no thread to fetch pages with, they wait for another to end",
                {{"threads", threads_}, {"error", failure.code().message()}});
    }
  }
}

// Requires mutex_.
void Workers::startThread() {
  std::thread([this] { work(std::unique_lock(mutex_)); }).detach();
  ++threads_;
}

bool Workers::settle(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  return left_.wait_until(lock, deadline,
                          [&] { return queue_.empty() && idle_.size() == threads_; });
}

void Workers::raiseBound(std::size_t bound) {
  const std::lock_guard lock(mutex_);
  bound_ = std::max(bound_, bound);
}

void Workers::work(std::unique_lock<std::mutex> lock) {
  const auto self = std::make_shared<Idler>();
  while (true) {
    if (queue_.empty()) {
      if (stopping_) break;
      self->called = false;
      idle_.push_back(self);
      left_.notify_all();
      const bool woken =
          self->woken.wait_for(lock, kIdle, [&] { return self->called || stopping_; });
      if (!self->called) std::erase(idle_, self);
      if (!woken && threads_ > 1) break;
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
