#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

namespace postern {

using SteadyTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;

// The time that decisions are made by: back-off, the life of a token, when a
// credential is read again. Steady time measures how long; system time is for what
// others wrote down (expiry dates, Retry-After) and for showing. Implementations are
// thread-safe.
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

// When a scrape, and so each wait on a socket, has to end. Real time always, even in
// tests: a peer does not know about our clock.
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline deadlineIn(std::chrono::milliseconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

// What is left, rounded up to whole milliseconds, never negative.
inline std::chrono::milliseconds remaining(Deadline deadline) {
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(
                                                    deadline - std::chrono::steady_clock::now()));
}

// Unix time in seconds, for metrics and JSON.
inline double unixSeconds(SystemTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace postern
