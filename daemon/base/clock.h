#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

namespace postern {

using SteadyTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;

// The time for decisions: back-off, the life of a token, when a credential is read again. Steady
// time measures durations. System time is for dates from others (expiry dates, Retry-After) and for
// display. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;
  virtual SystemTime system() const = 0;
};

class RealClock final : public Clock {
 public:
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  SystemTime system() const override { return std::chrono::system_clock::now(); }
};

// Uniform in [0, 1); a constant in tests. Thread-safe.
using Draw = std::function<double()>;
// Draws from a generator of the calling thread, seeded by the operating system.
double drawUniform();

// The end of a scrape, and so of each wait on a socket. Always real time, even in tests: a peer
// does not know the Clock of a test.
class Deadline {
 public:
  Deadline(SteadyTime at) : at_(at) {}

  // The same, but never later than `at`.
  Deadline cappedAt(SteadyTime at) const { return std::min(at_, at); }
  SteadyTime at() const { return at_; }

 private:
  SteadyTime at_;
};

inline SteadyTime deadlineIn(std::chrono::milliseconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

// The remaining time, rounded up to whole milliseconds, never negative.
inline std::chrono::milliseconds remaining(const Deadline& deadline) {
  return std::max(std::chrono::milliseconds(0),
                  std::chrono::ceil<std::chrono::milliseconds>(deadline.at() -
                                                               std::chrono::steady_clock::now()));
}

// Unix time in seconds, for metrics and JSON.
inline double unixSeconds(SystemTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace postern
