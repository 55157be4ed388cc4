#include "http/workers.h"

#include <exception>
#include <system_error>
#include <typeinfo>

#include "base/log.h"

namespace postern::http {

Workers::Workers(std::size_t most, Run run) : most_(most), run_(std::move(run)) {}

void Workers::push(Descriptor connection) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  waiting_.push_back(std::move(connection));
  if (free_ < waiting_.size() && threads_.size() < most_) startThread();
  woken_.notify_one();
}

void Workers::startThread() {
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& failure) {
    log::warn("no thread for a connection, it waits for another to end",
              {{"threads", threads_.size()}, {"error", failure.code().message()}});
  }
}

void Workers::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++free_;
    woken_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    --free_;
    if (stopped_) return;
    auto connection = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    // A handler speaks in values. Should one throw all the same, its client sees a broken
    // connection and the others go on. What it says may quote anything, so only its type is told.
    try {
      run_(std::move(connection));
    } catch (const std::exception& failure) {
      log::error("an exception ended a connection", {{"type", typeid(failure).name()}});
    }
    lock.lock();
  }
}

void Workers::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  waiting_.clear();
  woken_.notify_all();
}

void Workers::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace postern::http
