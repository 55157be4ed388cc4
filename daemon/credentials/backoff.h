#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "config/target.h"

namespace postern::credentials {

// The back-off of logins: how long to wait before an account is tried again, so that no account is
// ever locked.
//
// Unreachable doubles from `initial` to `max`. Throttled waits as long as the peer asked, else
// doubles from `throttled` to 15 minutes. Rejected waits `rejected`, then five times that, and
// after `max_rejected` in a row `retry_rejected` (not set: forever). Each delay is drawn from the
// upper half of its step, so that replicas do not log in together. Pure; not thread-safe: the owner
// holds its lock.
class Backoff {
 public:
  using Delay = std::optional<std::chrono::milliseconds>;  // not set: never

  Backoff(const config::BackoffOptions& steps, Draw draw);

  Delay unreachable();
  Delay throttled(std::optional<std::chrono::seconds> retry_after);
  Delay rejected();
  // The next delay starts from the first step again.
  void succeeded();

  int rejections() const { return rejections_; }  // rejections in a row
  // Continues the count of an earlier process.
  void resume(int rejections) { rejections_ = rejections; }

 private:
  std::chrono::milliseconds draw(std::chrono::milliseconds step) const;

  const config::BackoffOptions steps_;
  const Draw draw_;
  std::chrono::milliseconds unreachable_step_;
  std::chrono::milliseconds throttled_step_;
  int rejections_ = 0;
};

}  // namespace postern::credentials
