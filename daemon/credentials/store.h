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

// A credential with the fingerprint by which a change is noticed: an iterated HMAC-SHA-256
// with a salt, so that what is kept of it on disk does not give the password away. Thread-safe.
class Fingerprinted {
 public:
  // `salt` is any bytes.
  Fingerprinted(Credential of, std::string salt)
      : credential(std::move(of)), salt_(std::move(salt)) {}

  // Hexadecimal. The first call computes it, which takes about 6 ms: no start waits for it.
  const std::string& fingerprint() const;

  const Credential credential;

 private:
  const std::string salt_;
  mutable std::once_flag computed_;
  mutable std::string fingerprint_;  // once computed_
};

// When a source is read without anybody asking; each interval is spread by 20 %.
struct Schedule {
  std::chrono::milliseconds interval;           // while all is well
  std::chrono::milliseconds rejected_interval;  // while the service rejects what we have
  std::chrono::milliseconds rejected_first;     // the first time after a rejection: within this
  bool spread = true;

  static Schedule mounted();  // every second
  static Schedule database(std::chrono::seconds interval);
};

// Keeps the last good credential of one source.
//
// A source that cannot be asked leaves the last good credential in force; one that says that
// there is none takes it away. After a failure the source is asked again at most once a
// second; one that denies us (Fault::LoginRejected) is left alone like a rejected login, until the
// files that say how it is asked are others, at most three times in 15 minutes.
// Thread-safe; the source is called by one thread at a time.
class Store {
 public:
  struct Status {
    std::string_view source;
    std::uint64_t changes = 0;  // loads that brought a new credential
    std::uint64_t failed_loads = 0;
    std::optional<SystemTime> last_success;
    std::string error;   // of the last load when it failed
    std::string remedy;  // of that error; may be empty
  };
  using Loaded = std::shared_ptr<const Fingerprinted>;

  Store(std::unique_ptr<Source> source, std::string target, const Schedule& schedule,
        const config::Backoff& backoff, std::string salt, const Clock& clock, Draw draw);

  // What is known without asking: the last good credential, or null.
  Loaded current() const;
  // Reads the source because a login is due. Errors: NoCredential, CredentialSource.
  Result<Loaded> refresh(Deadline deadline);
  // Called about once a second by one thread; reads the source when the schedule says so, or when
  // it has moved.
  void poll(Deadline deadline);
  // The service rejected the credential: look for another one soon. Ends with accepted().
  void rejected();
  void accepted();

  Status status() const;

 private:
  Result<Loaded> load(Deadline deadline) REQUIRES(source_mutex_);
  Result<Loaded> remember(const Result<Credential>& loaded) REQUIRES(source_mutex_);
  Result<Loaded> answerFor(const Error& error) const REQUIRES(mutex_);
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
  Loaded current_ GUARDED_BY(mutex_);
  std::optional<Error> error_ GUARDED_BY(mutex_);  // of the last load
  LogOnChange failing_ GUARDED_BY(mutex_);
  SteadyTime ask_again_ GUARDED_BY(mutex_);  // not earlier, after a failure
  SteadyTime next_poll_ GUARDED_BY(mutex_);
  bool rejected_ GUARDED_BY(mutex_) = false;
  // That ended the wait for a source which denied us.
  std::vector<SteadyTime> moves_ GUARDED_BY(mutex_);
  Status status_ GUARDED_BY(mutex_);
};

}  // namespace postern::credentials
