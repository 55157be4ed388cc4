#pragma once

#include <mutex>

// Attributes of clang's thread safety analysis, with the names of its manual; nothing to other
// compilers.
#if defined(__clang__)
#define POSTERN_ANALYZED(attribute) __attribute__((attribute))
#else
#define POSTERN_ANALYZED(attribute)
#endif
#define CAPABILITY(name) POSTERN_ANALYZED(capability(name))
#define SCOPED_CAPABILITY POSTERN_ANALYZED(scoped_lockable)
#define GUARDED_BY(mutex) POSTERN_ANALYZED(guarded_by(mutex))
#define REQUIRES(mutex) POSTERN_ANALYZED(requires_capability(mutex))
#define ACQUIRE(...) POSTERN_ANALYZED(acquire_capability(__VA_ARGS__))
#define RELEASE() POSTERN_ANALYZED(release_capability())

namespace postern {

// A std::mutex, which the analysis knows. A member with GUARDED_BY(mutex_) is used, and a function
// with REQUIRES(mutex_) called, only where a MutexLock of it is in scope: builds with clang check
// it.
class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds a mutex, which must outlive it, for as long as it lives.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() RELEASE() = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // Gives the mutex up for a time.
  void unlock() RELEASE() { lock_.unlock(); }
  void lock() ACQUIRE() { lock_.lock(); }
  // For condition variables. A predicate that reads guarded members is [this]() REQUIRES(mutex_)
  // {...}.
  std::unique_lock<std::mutex>& native() { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace postern
