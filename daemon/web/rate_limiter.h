#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "config/web_config.h"

namespace postern::web {

// The token bucket of exporter-toolkit's rate_limit. It starts full with `burst` tokens and gains
// one each `interval`. Each request takes one. Thread-safe.
class RateLimiter {
 public:
  // Requires an interval. `clock` must outlive the limiter.
  RateLimiter(const config::RateLimit& limit, const Clock& clock);

  // Takes a token. Returns false when the bucket is empty.
  bool take();
  // Time until the next token: rounded up, at least a second. Not set when no token will come.
  std::optional<std::chrono::seconds> wait() const;
  const config::RateLimit& limit() const { return limit_; }

 private:
  using Nanos = std::chrono::nanoseconds;
  Nanos debt(SteadyTime now) const REQUIRES(mutex_);  // how long the bucket takes to be full

  const config::RateLimit limit_;
  const Clock& clock_;
  const Nanos room_;  // interval times burst

  mutable Mutex mutex_;
  SteadyTime full_at_ GUARDED_BY(mutex_);  // when the bucket is full again
};

}  // namespace postern::web
