#include "web/rate_limiter.h"

#include <algorithm>

namespace postern::web {
namespace {

using std::chrono::nanoseconds;

// Bounded so that sums of these do not overflow.
nanoseconds roomOf(const config::RateLimit& limit) {
  constexpr nanoseconds kMost = std::chrono::hours(24 * 365 * 100);
  const auto most = static_cast<std::size_t>(kMost / limit.interval);
  return limit.burst > most ? kMost : limit.interval * static_cast<nanoseconds::rep>(limit.burst);
}

}  // namespace

RateLimiter::RateLimiter(const config::RateLimit& limit, const Clock& clock)
    : limit_(limit), clock_(clock), room_(roomOf(limit)), full_at_(clock.steady()) {}

RateLimiter::Nanos RateLimiter::debt(SteadyTime now) const {
  return std::max(Nanos(0), Nanos(full_at_ - now));
}

bool RateLimiter::take() {
  const MutexLock lock(mutex_);
  const SteadyTime now = clock_.steady();
  const Nanos after = debt(now) + limit_.interval;
  if (after > room_) return false;
  full_at_ = now + std::chrono::duration_cast<SteadyTime::duration>(after);
  return true;
}

std::optional<std::chrono::seconds> RateLimiter::wait() const {
  if (limit_.burst == 0) return std::nullopt;
  const MutexLock lock(mutex_);
  const Nanos left = debt(clock_.steady()) + limit_.interval - room_;
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(left));
}

}  // namespace postern::web
