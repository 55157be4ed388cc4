#include "credentials/backoff.h"

#include <algorithm>
#include <utility>

namespace postern::credentials {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kThrottledCeiling = std::chrono::minutes(15);
// The longest Retry-After that counts, so that a mistyped date does not end the scraping for good.
constexpr std::chrono::seconds kRetryAfterCeiling = std::chrono::hours(24);

}  // namespace

Backoff::Backoff(const config::BackoffOptions& steps, Draw draw)
    : steps_(steps),
      draw_(std::move(draw)),
      unreachable_step_(steps.initial),
      throttled_step_(steps.throttled) {}

milliseconds Backoff::draw(milliseconds step) const {
  const auto half = static_cast<double>(step.count()) / 2;
  return milliseconds(static_cast<milliseconds::rep>(half + draw_() * half));
}

Backoff::Delay Backoff::unreachable() {
  const auto step = unreachable_step_;
  unreachable_step_ = std::min(2 * step, steps_.max);
  return draw(step);
}

Backoff::Delay Backoff::throttled(std::optional<std::chrono::seconds> retry_after) {
  if (retry_after) {
    // Never earlier than the peer asked; the random spread is added.
    const milliseconds asked = std::min(*retry_after, kRetryAfterCeiling);
    return asked + milliseconds(static_cast<milliseconds::rep>(
                       draw_() * static_cast<double>(asked.count()) / 10));
  }
  const auto step = throttled_step_;
  throttled_step_ = std::max(step, std::min(2 * step, kThrottledCeiling));
  return draw(step);
}

Backoff::Delay Backoff::rejected() {
  ++rejections_;
  if (rejections_ >= steps_.max_rejected) {
    if (steps_.retry_rejected.count() == 0) return std::nullopt;
    return draw(steps_.retry_rejected);
  }
  return draw(rejections_ == 1 ? steps_.rejected : 5 * steps_.rejected);
}

void Backoff::succeeded() {
  unreachable_step_ = steps_.initial;
  throttled_step_ = steps_.throttled;
  rejections_ = 0;
}

}  // namespace postern::credentials
