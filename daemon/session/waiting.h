#pragma once

#include <optional>
#include <string>

#include "config/target.h"
#include "credentials/backoff.h"
#include "session/state_file.h"

namespace postern::session {

// What a login that failed is counted as, and waited for.
enum class Outcome { Rejected, Throttled, Failed, Unreachable };
Outcome outcomeOf(Fault fault);

// When the next login may be sent, and why not earlier.
//
// Each failure starts the wait that Backoff says. A wait for rejection ends early when the
// credential's fingerprint changes, at most three times in 15 minutes until one is
// accepted. All of it is written down, also before a login is sent, so that a process that
// is killed or restarted does not try more often. Not thread-safe: the session holds its lock.
class Waiting {
 public:
  struct Status {
    bool in_force = false;
    std::optional<SystemTime> until;  // none while in force: until the credential changes
    std::optional<Fault> after;       // why, while in force
    int rejections = 0;               // in a row
  };

  // `clock` must outlive it.
  Waiting(std::string target, const config::Backoff& steps, const Clock& clock, Draw draw,
          StateFile state);

  // Backoff, with what we wait after and for how long; none when a login may be sent.
  // `fingerprint` is of the credential that is known now, empty when none is.
  std::optional<Error> inForce(const std::string& fingerprint);
  // A login is about to be sent: if nobody tells what came of it, it counts as rejected.
  void attempt(const std::string& fingerprint);
  // Before the login is sent, without the session's lock: waits until that is written. Thread-safe.
  void flush() { state_.flush(); }
  // Nobody will: it was given up before it was judged.
  void forgetAttempt() { save(); }
  // It failed: the wait begins. The error comes back with what happens next.
  Error failed(Error error, const std::string& fingerprint);
  // It went well, so no wait is in force; rejections still count, the token may be refused.
  void succeeded();
  // The service took what we sent: everything that was counted is forgotten.
  void accepted();
  // A wait because the service could not be reached has lost its reason.
  void wayChanged();

  bool afterRejection() const;
  Status status() const;

 private:
  struct Wait {
    Fault after;
    std::string what;
    std::optional<SteadyTime> until;  // none: until the credential changes
    std::string fingerprint;          // of the credential that failed
  };

  void resume(const config::Backoff& steps);
  bool releasedBy(const std::string& fingerprint);
  std::string next() const;
  std::optional<std::chrono::seconds> secondsLeft() const;
  void save();

  const std::string target_;
  const std::chrono::milliseconds first_rejected_;
  const Clock& clock_;
  StateFile state_;
  SavedState saved_;
  credentials::Backoff backoff_;
  std::optional<Wait> wait_;
};

}  // namespace postern::session
