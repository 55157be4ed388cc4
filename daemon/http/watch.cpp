#include "http/watch.h"

namespace postern::http {

Watch::Turn Watch::take(Hand& self, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!taken_) {
    taken_ = true;
    return self.turn_ = Turn::Watch;
  }
  self.turn_ = Turn::None;
  waiting_.push_back(&self);
  if (!self.called_.wait_for(lock, patience, [&] { return self.turn_ != Turn::None; })) {
    std::erase(waiting_, &self);
  }
  return self.turn_;
}

void Watch::handOver(Hand& self) {
  if (!self.has()) return;
  const std::lock_guard lock(mutex_);
  self.turn_ = Turn::None;
  taken_ = call(Turn::Watch);
}

void Watch::callHelp() {
  const std::lock_guard lock(mutex_);
  call(Turn::Help);
}

// Whether somebody was there to be called. mutex_ is held.
bool Watch::call(Turn turn) {
  if (waiting_.empty()) return false;
  Hand& next = *waiting_.back();
  waiting_.pop_back();
  next.turn_ = turn;
  next.called_.notify_one();
  return true;
}

}  // namespace postern::http
