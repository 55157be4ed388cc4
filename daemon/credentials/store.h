#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "credentials/backoff.h"
#include "credentials/source.h"

namespace postern::credentials {

// A credential with the fingerprint by which a change is noticed: an iterated HMAC-SHA-256
// with a salt, so that what is kept of it on disk does not give the password away.
struct Fingerprinted {
  Credential credential;
  std::string fingerprint;  // hexadecimal
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
// second; one that denies us (Fault::LoginRejected) is left alone like a rejected login.
// Thread-safe; the source is called by one thread at a time.
class Store {
 public:
  struct Status {
    std::string_view source;
    std::uint64_t changes = 0;  // loads that brought a new credential
    std::uint64_t failed_loads = 0;
    std::optional<SystemTime> last_success;
    std::string error;  // of the last load when it failed
  };
  using Loaded = std::shared_ptr<const Fingerprinted>;

  Store(std::unique_ptr<Source> source, std::string target, const Schedule& schedule,
        const config::Backoff& backoff, std::string salt, const Clock& clock, Draw draw);

  // What is known without asking: the last good credential, or null.
  Loaded current() const;
  // Reads the source because a login is due. Errors: NoCredential, CredentialSource.
  Result<Loaded> refresh(Deadline deadline);
  // Called about once a second by one thread; reads the source when the schedule says so.
  void poll(Deadline deadline);
  // The service rejected the credential: look for another one soon. Ends with accepted().
  void rejected();
  void accepted();

  Status status() const;

 private:
  Result<Loaded> load(Deadline deadline);
  Result<Loaded> remember(const Result<Credential>& loaded);
  Result<Loaded> answerFor(const Error& error) const;
  void schedule();

  const std::unique_ptr<Source> source_;
  const std::string target_;
  const Schedule schedule_;
  const std::string salt_;
  const Clock& clock_;
  const Draw draw_;

  std::mutex source_mutex_;  // held while the source is read; taken before mutex_
  mutable std::mutex mutex_;
  Backoff denied_;  // guarded by mutex_, as is what follows
  Loaded current_;
  std::optional<Error> error_;  // of the last load
  SteadyTime ask_again_;        // not earlier, after a failure
  SteadyTime next_poll_;
  bool rejected_ = false;
  Status status_;
};

// Of all fields; iterations make guessing expensive. `salt` is any bytes.
std::string fingerprint(const Credential& credential, std::string_view salt);

}  // namespace postern::credentials
