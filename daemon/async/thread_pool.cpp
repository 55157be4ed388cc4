#include "async/thread_pool.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <thread>
#include <typeinfo>
#include <utility>

#include "base/log.h"

namespace postern::async {
namespace {

constexpr std::chrono::seconds kIdle{10};

}  // namespace

ThreadPool::ThreadPool(std::size_t bound) : bound_(bound) {
  const MutexLock lock(mutex_);
  if (!startThread()) throw std::system_error(EAGAIN, std::generic_category());
}

ThreadPool::~ThreadPool() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    for (const auto& idler : idle_) idler->woken.notify_one();
    threads = threads_.end();
  }
  for (auto& thread : threads) thread.join();
}

void ThreadPool::run(Job job) {
  MutexLock lock(mutex_);
  queue_.push_back(std::move(job));
  if (!idle_.empty()) {
    const auto last = std::move(idle_.back());
    idle_.pop_back();
    last->called = true;
    lock.unlock();  // otherwise the woken thread would wait for the lock
    last->woken.notify_one();
  } else if (threads_.size() < bound_) {
    startThread();
  }
}

bool ThreadPool::startThread() {
  return threads_.start([this] { work(); });
}

bool ThreadPool::settle(SteadyTime deadline) {
  MutexLock lock(mutex_);
  return settled_.wait_until(lock.native(), deadline, [&]() REQUIRES(mutex_) {
    return queue_.empty() && idle_.size() == threads_.size();
  });
}

void ThreadPool::raiseBound(std::size_t bound) {
  const MutexLock lock(mutex_);
  bound_ = std::max(bound_, bound);
}

void ThreadPool::work() {
  MutexLock lock(mutex_);
  const auto self = std::make_shared<Idler>();
  while (true) {
    if (queue_.empty()) {
      if (stopping_) break;
      self->called = false;
      idle_.push_back(self);
      settled_.notify_all();
      const bool woken = self->woken.wait_for(
          lock.native(), kIdle, [&]() REQUIRES(mutex_) { return self->called || stopping_; });
      if (!self->called) std::erase(idle_, self);
      if (!woken && threads_.size() > 1) break;
      continue;
    }
    const auto job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    // A job returns its errors. If one throws anyway, the pool keeps its thread.
    try {
      job();
    } catch (const std::exception& failure) {
      log::error("an exception ended a job", {{"type", typeid(failure).name()}});
    }
    lock.lock();
  }
  threads_.leave();
  settled_.notify_all();
}

}  // namespace postern::async
