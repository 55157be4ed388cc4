#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace postern::testing {

// The real time plus an offset: for tests with real sockets and decisions over days. Thread-safe.
class ShiftedClock final : public Clock {
 public:
  SteadyTime steady() const override { return real_.steady() + added(); }
  SystemTime system() const override { return real_.system() + added(); }
  void advance(std::chrono::milliseconds by) { added_ += by.count(); }

 private:
  std::chrono::milliseconds added() const { return std::chrono::milliseconds(added_.load()); }

  const RealClock real_;
  std::atomic<std::chrono::milliseconds::rep> added_{0};
};

}  // namespace postern::testing
