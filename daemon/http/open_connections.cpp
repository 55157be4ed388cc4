#include "http/open_connections.h"

#include <sys/socket.h>

namespace postern::http {
namespace {

// Its thread reads what has arrived and then the end.
void endReading(int descriptor) {
  ::shutdown(descriptor, SHUT_RD);
}

}  // namespace

OpenConnections::Entry::Entry(OpenConnections& all, int descriptor)
    : all_(all), descriptor_(descriptor) {
  const std::lock_guard lock(all_.mutex_);
  all_.entries_.insert(this);
  all_.running_ = all_.entries_.size();
  if (all_.waiting_ > 0) --all_.waiting_;
}

OpenConnections::Entry::~Entry() {
  const std::lock_guard lock(all_.mutex_);
  all_.entries_.erase(this);
  if (all_.owed_ > 0) --all_.owed_;
  all_.running_ = all_.entries_.size();
  if (all_.entries_.empty()) all_.gone_.notify_all();
}

bool OpenConnections::Entry::rest() {
  const std::lock_guard lock(all_.mutex_);
  // Who leaves pays what is owed.
  if (all_.stopping_ || all_.owed_ > 0) return false;
  idle_since_ = std::chrono::steady_clock::now();
  stage_ = Stage::Idle;
  return true;
}

bool OpenConnections::arrive() {
  const std::lock_guard lock(mutex_);
  if (waiting_ == kMostWaiting) return false;
  ++waiting_;
  if (running_ + waiting_ > room_) makeRoom();
  return true;
}

void OpenConnections::makeRoom() {
  Entry* longest = nullptr;
  for (auto* entry : entries_) {
    if (entry->stage_ != Stage::Idle) continue;
    if (!longest || entry->idle_since_ < longest->idle_since_) longest = entry;
  }
  if (!longest) {
    ++owed_;
    return;
  }
  // Not Idle any more, so that the next call finds another one; unless it has just become Busy.
  auto stage = Stage::Idle;
  longest->stage_.compare_exchange_strong(stage, Stage::Reading);
  endReading(longest->descriptor_);
}

void OpenConnections::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  waiting_ = 0;  // what waits gets no thread any more
  for (auto* entry : entries_) {
    if (entry->stage_ != Stage::Busy) endReading(entry->descriptor_);
  }
}

bool OpenConnections::waitUntilEmpty(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return gone_.wait_for(lock, timeout, [this] { return entries_.empty(); });
}

}  // namespace postern::http
