#pragma once

#include <optional>
#include <string>

#include "config/target.h"
#include "credentials/backoff.h"
#include "session/state_file.h"

namespace postern::session {

// What a login that failed is counted as, and how long is waited for after it.
enum class FailureKind { Rejected, Throttled, Failed, Unreachable };
FailureKind failureKindOf(Fault fault);

// Whether a login may be sent now, and why not.
//
// Each failure starts the wait that Backoff says. A wait after a rejection ends early when the
// credential's fingerprint changes, at most three times in 15 minutes until a credential is
// accepted. The state file has all of it, also before a login is sent, so that a process that
// is killed or restarted does not try more often. Nothing here blocks. Not thread-safe.
class LoginGate {
 public:
  struct WaitStatus {
    bool in_force = false;
    std::optional<SystemTime> until;  // none while in force: until the credential changes
    std::optional<Fault> after;       // why, while in force
    int rejections = 0;               // in a row
  };

  // `clock` must outlive it.
  LoginGate(std::string target, const config::Backoff& steps, const Clock& clock, Draw draw,
            StateFile state);

  // Backoff, with the failure that caused the wait and how long it lasts; none when a login may be
  // sent. `fingerprint` is that of the credential that is known now, empty without one.
  std::optional<Error> inForce(const std::string& fingerprint);
  // A login is about to be sent: it counts as rejected unless one of the next four is called. It
  // must not be sent before flush() has waited for that to be on the disk.
  void attempt(const std::string& fingerprint);
  StateFile::Flush flush() const { return state_.flush(); }
  // The login was given up before its result was known.
  void forgetAttempt() { save(); }
  // The login failed: the wait begins. Returns the error with what happens next.
  Error failed(Error error, const std::string& fingerprint);
  // The login succeeded, so no wait is in force; rejections still count, as the service may refuse
  // the token.
  void succeeded();
  // The service accepted what we sent: everything that was counted is forgotten.
  void accepted();
  // There are new certificates: a wait because the service could not be reached ends.
  void onNetworkChange();

  bool afterRejection() const;
  WaitStatus status() const;

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
