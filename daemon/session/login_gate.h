#pragma once

#include <optional>
#include <string>

#include "config/target.h"
#include "credentials/backoff.h"
#include "session/state_file.h"

namespace postern::session {

// The kind of a login failure, which decides how long to wait.
enum class FailureKind { Rejected, Throttled, Failed, Unreachable };
FailureKind failureKindOf(Fault fault);

// Whether a login may be sent now, and why not.
//
// Each failure starts the wait of Backoff. A wait after a rejection ends early when the
// credential's fingerprint changes, at most three times in 15 minutes until a credential is
// accepted. The state file stores all of this, also before a login is sent, so that a process that
// is killed or restarted does not try more often. Nothing here blocks. Not thread-safe.
class LoginGate {
 public:
  struct WaitStatus {
    bool in_force = false;
    std::optional<SystemTime> until;  // not set while in force: until the credential changes
    std::optional<Fault> after;       // the reason, while in force
    int rejections = 0;               // in a row
  };

  // `clock` must outlive the gate.
  LoginGate(std::string target, const config::BackoffOptions& steps, const Clock& clock, Draw draw,
            StateFile state);

  // Backoff, with the failure that caused the wait and how long it lasts; not set when a login may
  // be sent. `fingerprint` belongs to the current credential; empty without one.
  std::optional<Error> inForce(const std::string& fingerprint);
  // A login is about to be sent. It counts as rejected unless one of the next four is called. Do
  // not send it before flush() has waited for the state on disk.
  void attempt(const std::string& fingerprint);
  StateFile::Flush flush() const { return state_.flush(); }
  // The login was given up before its result was known.
  void forgetAttempt() { save(); }
  // The login failed, and the wait begins. Returns the error with what happens next.
  Error failed(Error error, const std::string& fingerprint);
  // The login succeeded, so no wait is in force. Rejections still count, because the service may
  // refuse the token.
  void succeeded();
  // The service accepted the request: forgets all failures.
  void accepted();
  // There are new certificates. A wait because the service was unreachable ends.
  void onNetworkChange();

  bool afterRejection() const;
  WaitStatus status() const;

 private:
  struct LoginWait {
    Fault after;
    std::string what;
    std::optional<SteadyTime> until;  // not set: until the credential changes
    std::string fingerprint;          // of the credential that failed
  };

  void resume(const config::BackoffOptions& steps);
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
  std::optional<LoginWait> wait_;
};

}  // namespace postern::session
