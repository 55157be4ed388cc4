#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log_on_change.h"
#include "base/mutex.h"
#include "credentials/backoff.h"
#include "credentials/source.h"

namespace postern::credentials {

// A credential with a fingerprint that reveals changes: an iterated HMAC-SHA-256 with a salt, so
// that the fingerprint on disk does not reveal the password. Thread-safe.
class Fingerprinted {
 public:
  // `salt` may be any bytes.
  Fingerprinted(Credential of, std::string salt)
      : credential(std::move(of)), salt_(std::move(salt)) {}

  // Hexadecimal. The first call takes about 6 ms to compute it. No start waits for it.
  const std::string& fingerprint() const;

  const Credential credential;

 private:
  const std::string salt_;
  mutable std::once_flag computed_;
  mutable std::string fingerprint_;  // valid once computed_
};

// When to read a source without a request for it. Each interval is spread by 20 %.
struct Schedule {
  std::chrono::milliseconds interval;           // in normal operation
  std::chrono::milliseconds rejected_interval;  // while the service rejects the credential
  std::chrono::milliseconds rejected_first;     // upper bound of the first interval after a
                                                // rejection
  bool spread = true;

  static Schedule mounted();  // reads every second
  static Schedule database(std::chrono::seconds interval);
};

struct CredentialStatus {
  std::string_view source;
  std::uint64_t changes = 0;  // loads that returned a new credential
  std::uint64_t failed_loads = 0;
  std::optional<SystemTime> last_success;
  std::string error;   // of the last load if it failed
  std::string remedy;  // remedy of that error; may be empty
};

using LoadedCredential = std::shared_ptr<const Fingerprinted>;

// Holds the last valid credential of one source.
//
// A source that cannot be read leaves the last credential in force. A source that reports a missing
// credential removes it. After a failure the source is read again at most once a second. A source
// that denies access (Fault::LoginRejected) is left alone like a rejected login, until its
// configuration files change, at most three times in 15 minutes. Thread-safe; the source is called
// by one thread at a time.
class CredentialStore {
 public:
  CredentialStore(std::unique_ptr<Source> source, std::string target, const Schedule& schedule,
                  const config::BackoffOptions& backoff, std::string salt, const Clock& clock,
                  Draw draw);

  // The last valid credential without reading the source, or null.
  LoadedCredential current() const;
  // Reads the source because a login is due. Errors: NoCredential, CredentialSource.
  Result<LoadedCredential> refresh(Deadline deadline);
  // Call about once a second, on one thread. Reads the source when the schedule says so, or when
  // its files have changed.
  void poll(Deadline deadline);
  // The service rejected the credential: look for another one soon. Ends with accepted().
  void rejected();
  void accepted();

  CredentialStatus status() const;

 private:
  Result<LoadedCredential> load(Deadline deadline) REQUIRES(source_mutex_);
  Result<LoadedCredential> remember(const Result<Credential>& loaded) REQUIRES(source_mutex_);
  Result<LoadedCredential> answerFor(const Error& error) const REQUIRES(mutex_);
  bool afterRejection() const;
  void schedule() REQUIRES(mutex_);
  void heedMove() REQUIRES(mutex_);

  const std::unique_ptr<Source> source_;
  const std::string target_;
  const Schedule schedule_;
  const std::string salt_;
  const Clock& clock_;
  const Draw draw_;

  Mutex source_mutex_;  // held while the source is read; taken before mutex_
  mutable Mutex mutex_;
  Backoff denied_ GUARDED_BY(mutex_);
  LoadedCredential current_ GUARDED_BY(mutex_);
  std::optional<Error> error_ GUARDED_BY(mutex_);  // of the last load
  LogOnChange failing_ GUARDED_BY(mutex_);
  SteadyTime ask_again_ GUARDED_BY(mutex_);  // earliest time of the next read after a failure
  SteadyTime next_poll_ GUARDED_BY(mutex_);
  bool rejected_ GUARDED_BY(mutex_) = false;
  // Times at which changed files ended the wait for a source that denied access.
  std::vector<SteadyTime> moves_ GUARDED_BY(mutex_);
  CredentialStatus status_ GUARDED_BY(mutex_);
};

}  // namespace postern::credentials
