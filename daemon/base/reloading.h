#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log_on_change.h"
#include "base/mutex.h"
#include "base/result.h"

namespace postern {

// A failed load, and what is new about it: for a log without repetitions.
struct ReloadFailure {
  const Error& error;
  bool new_signature;  // the source has changed since the load before
  bool new_error;      // the load before succeeded, or failed for another reason
  bool has_snapshot;   // an earlier load succeeded, its snapshot stays in use
};

// The source of the value of a Reloading<T>. Its functions are called one at a time.
template <typename T>
class ReloadSource {
 public:
  using Snapshot = std::shared_ptr<const T>;

  virtual ~ReloadSource() = default;
  // Must be cheap. Two equal signatures mean that nothing has changed in between.
  virtual std::string signature() = 0;
  // Loads and checks the whole value. `former` is the snapshot in use, null before the first.
  // `signature` is from before the call. If one file names others, the source replaces `signature`
  // by one that it computes before it reads the others, and that signature() returns from then on.
  // A null snapshot means that the source has not settled yet: the next poll loads again.
  virtual Result<Snapshot> load(const Snapshot& former, std::string& signature) = 0;
  // For logging. The value and the status are already updated.
  virtual void onLoaded(const Snapshot& snapshot) = 0;
  virtual void onFailed(const ReloadFailure& failure) = 0;
};

struct ReloadStatus {
  std::uint64_t loads = 0;     // successful ones
  std::uint64_t failures = 0;  // invalid states of the source, each counted once
  SystemTime loaded_at;        // time of the last successful load
  std::optional<Error> error;  // of the last load if it failed
};

// A value that is reloaded: an immutable snapshot, replaced as a whole when its source changes.
//
// A failed load changes only the status: the last valid snapshot stays in use, and the load is
// repeated when the signature changes, or after `retry`. The signature is taken before the load, so
// the next poll sees a change during the load. Thread-safe: readers do not wait for a load; loads
// run one at a time, on the calling thread.
template <typename T>
class Reloading {
 public:
  using Snapshot = std::shared_ptr<const T>;

  // Does not load yet. `source` and `clock` must outlive this. `retry`: time after a failed load
  // until a poll repeats it with an unchanged signature; not set: never.
  Reloading(ReloadSource<T>& source, const Clock& clock,
            std::optional<std::chrono::milliseconds> retry)
      : source_(source), clock_(clock), retry_(retry) {}

  // The last valid snapshot; null before the first. A reader may keep it.
  Snapshot now() const {
    const MutexLock lock(mutex_);
    return snapshot_;
  }
  // The same, or why no load has succeeded yet. Requires that a load has ended.
  Result<Snapshot> current() const {
    const MutexLock lock(mutex_);
    if (snapshot_) return snapshot_;
    return *status_.error;
  }
  ReloadStatus status() const {
    const MutexLock lock(mutex_);
    return status_;
  }

  // Loads if the source has changed, or if it is time to repeat a failed load.
  void poll() {
    const MutexLock reloading(reload_mutex_);
    auto signature = source_.signature();
    const bool repeats = retry_at_ && clock_.steady() >= *retry_at_;
    if (signature_ != signature || repeats) static_cast<void>(load(std::move(signature)));
  }
  // Always loads. Returns the error of a failure.
  Result<void> reload() {
    const MutexLock reloading(reload_mutex_);
    return load(source_.signature());
  }

 private:
  Result<void> load(std::string signature) REQUIRES(reload_mutex_) {
    auto loaded = source_.load(now(), signature);
    if (loaded && *loaded == nullptr) return {};
    const bool new_signature = signature_ != signature;
    signature_ = std::move(signature);
    if (!loaded) return keep(std::move(loaded).error(), new_signature);
    take(*std::move(loaded));
    return {};
  }
  void take(Snapshot snapshot) REQUIRES(reload_mutex_) {
    failing_.ends();
    retry_at_.reset();
    {
      auto former = snapshot;  // the last user of the former one frees it, outside the lock
      const MutexLock lock(mutex_);
      snapshot_.swap(former);
      ++status_.loads;
      status_.loaded_at = clock_.system();
      status_.error.reset();
    }
    source_.onLoaded(snapshot);
  }
  Result<void> keep(Error error, bool new_signature) REQUIRES(reload_mutex_) {
    const bool new_error = failing_.begins(error.what);
    if (retry_) retry_at_ = clock_.steady() + *retry_;
    {
      const MutexLock lock(mutex_);
      if (new_signature) ++status_.failures;
      status_.error = error;
    }
    source_.onFailed({error, new_signature, new_error, now() != nullptr});
    return error;
  }

  ReloadSource<T>& source_;
  const Clock& clock_;
  const std::optional<std::chrono::milliseconds> retry_;

  Mutex reload_mutex_;  // held during a load; taken before mutex_
  std::optional<std::string> signature_ GUARDED_BY(reload_mutex_);  // of the last load
  std::optional<SteadyTime> retry_at_ GUARDED_BY(reload_mutex_);    // not set: do not repeat
  LogOnChange failing_ GUARDED_BY(reload_mutex_);

  mutable Mutex mutex_;  // held only briefly
  Snapshot snapshot_ GUARDED_BY(mutex_);
  ReloadStatus status_ GUARDED_BY(mutex_);
};

}  // namespace postern
