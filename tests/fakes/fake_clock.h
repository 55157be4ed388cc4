#pragma once

#include <mutex>

#include "base/clock.h"

namespace postern::testing {

// A clock that the test advances. Thread-safe.
class FakeClock final : public Clock {
 public:
  SteadyTime steady() const override {
    const std::lock_guard lock(mutex_);
    return steady_ += tick_;
  }
  SystemTime system() const override {
    const std::lock_guard lock(mutex_);
    return system_;
  }
  // From now on each read of the steady time takes this long.
  void tickEachLook(std::chrono::microseconds tick) {
    const std::lock_guard lock(mutex_);
    tick_ = tick;
  }
  void advance(std::chrono::milliseconds by) {
    const std::lock_guard lock(mutex_);
    steady_ += by;
    system_ += by;
  }
  // As if somebody sets the clock of the machine.
  void jump(std::chrono::milliseconds by) {
    const std::lock_guard lock(mutex_);
    system_ += by;
  }

 private:
  mutable std::mutex mutex_;
  std::chrono::microseconds tick_{0};
  mutable SteadyTime steady_ = SteadyTime(std::chrono::hours(1000));
  SystemTime system_ = SystemTime(std::chrono::seconds(1'800'000'000));  // 2027-01-15 08:00:00 UTC
};

}  // namespace postern::testing
