#include "session/login_gate.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace postern::session {

using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr minutes kReleaseWindow{15};
constexpr std::size_t kReleases = 3;  // waits that a changed credential may end within the window

SystemTime::duration ofSystem(SteadyTime::duration duration) {
  return std::chrono::duration_cast<SystemTime::duration>(duration);
}

}  // namespace

FailureKind failureKindOf(Fault fault) {
  switch (fault) {
    case Fault::LoginRejected: return FailureKind::Rejected;
    case Fault::LoginThrottled: return FailureKind::Throttled;
    case Fault::LoginFailed: return FailureKind::Failed;
    default: return FailureKind::Unreachable;
  }
}

LoginGate::LoginGate(std::string target, const config::BackoffOptions& steps, const Clock& clock,
                     Draw draw, StateFile state)
    : target_(std::move(target)),
      first_rejected_(steps.rejected),
      clock_(clock),
      state_(std::move(state)),
      saved_(state_.loaded()),
      backoff_(steps, std::move(draw)) {
  resume(steps);
}

void LoginGate::resume(const config::BackoffOptions& steps) {
  backoff_.resume(saved_.rejections);
  const auto left = saved_.next_attempt - clock_.system();
  if (!saved_.never && left.count() <= 0) return;
  wait_ = LoginWait{saved_.fault, "before the last restart", std::nullopt, saved_.fingerprint};
  if (saved_.never) return;
  // The clock may have jumped while postern was not running: never wait longer than a fresh wait.
  const auto longest = std::max<SystemTime::duration>(
      {steps.retry_rejected, steps.max, 5 * steps.rejected, minutes(15)});
  wait_->until =
      clock_.steady() + std::chrono::duration_cast<SteadyTime::duration>(std::min(left, longest));
}

std::optional<Error> LoginGate::inForce(const std::string& fingerprint) {
  if (!wait_) return std::nullopt;
  const bool over = wait_->until && clock_.steady() >= *wait_->until;
  if (over || releasedBy(fingerprint)) {
    wait_.reset();
    return std::nullopt;
  }
  return Error{Fault::Backoff,
               fmt::format("waiting after {}: {}", faultName(wait_->after), wait_->what), next(),
               secondsLeft()};
}

bool LoginGate::releasedBy(const std::string& fingerprint) {
  if (!afterRejection() || fingerprint.empty() || fingerprint == wait_->fingerprint) return false;
  const auto now = clock_.system();
  // If the clock was set back, releases must not count longer than the window.
  for (SystemTime& at : saved_.releases) at = std::min(at, now);
  std::erase_if(saved_.releases, [&](SystemTime at) { return at + kReleaseWindow <= now; });
  if (saved_.releases.size() >= kReleases) return false;
  saved_.releases.push_back(now);
  log::info("credential changed, the wait ends", {{"target", target_}});
  return true;
}

void LoginGate::attempt(const std::string& fingerprint) {
  SavedState pessimistic = saved_;
  pessimistic.fingerprint = fingerprint;
  pessimistic.fault = Fault::LoginRejected;
  pessimistic.rejections = backoff_.rejections() + 1;
  pessimistic.next_attempt = clock_.system() + first_rejected_;
  pessimistic.never = false;
  state_.save(pessimistic);
}

Error LoginGate::failed(Error error, const std::string& fingerprint) {
  const auto delay = [&] {
    switch (failureKindOf(error.fault)) {
      case FailureKind::Rejected: return backoff_.rejected();
      case FailureKind::Throttled: return backoff_.throttled(error.retry_after);
      case FailureKind::Failed:
      case FailureKind::Unreachable: break;
    }
    return backoff_.unreachable();
  }();
  wait_ = LoginWait{error.fault, error.what, std::nullopt, fingerprint};
  if (delay) wait_->until = clock_.steady() + *delay;
  save();
  error.next = next();
  error.retry_after = secondsLeft();
  log::warn("login waits", {{"target", target_},
                            {"reason", faultName(error.fault)},
                            {"error", error.what},
                            {"next", error.next}});
  return error;
}

void LoginGate::succeeded() {
  wait_.reset();
  save();
}

void LoginGate::accepted() {
  backoff_.succeeded();
  saved_.releases.clear();
  succeeded();
}

void LoginGate::onNetworkChange() {
  if (wait_ && failureKindOf(wait_->after) == FailureKind::Unreachable) wait_.reset();
}

bool LoginGate::afterRejection() const {
  return wait_ && wait_->after == Fault::LoginRejected;
}

std::string LoginGate::next() const {
  const auto left = secondsLeft();
  if (!left) return "no login is sent until the credential changes";
  return fmt::format("the next login is tried in {} s{}", left->count(),
                     afterRejection() ? ", or as soon as the credential changes" : "");
}

std::optional<seconds> LoginGate::secondsLeft() const {
  if (!wait_->until) return std::nullopt;
  return std::max(seconds(1), std::chrono::ceil<seconds>(*wait_->until - clock_.steady()));
}

void LoginGate::save() {
  saved_.rejections = backoff_.rejections();
  saved_.fingerprint = wait_ ? wait_->fingerprint : "";
  saved_.fault = wait_ ? wait_->after : Fault::LoginRejected;
  saved_.never = wait_ && !wait_->until;
  saved_.next_attempt = SystemTime();
  if (wait_ && wait_->until) {
    saved_.next_attempt = clock_.system() + ofSystem(*wait_->until - clock_.steady());
  }
  state_.save(saved_);
}

LoginGate::WaitStatus LoginGate::status() const {
  WaitStatus status;
  status.rejections = backoff_.rejections();
  status.in_force = wait_ && !(wait_->until && clock_.steady() >= *wait_->until);
  if (status.in_force) status.after = wait_->after;
  if (status.in_force && wait_->until) {
    status.until = clock_.system() + ofSystem(*wait_->until - clock_.steady());
  }
  return status;
}

}  // namespace postern::session
