#pragma once

#include <mutex>

// Attributes of clang's thread safety analysis, with the names of its manual. Other compilers
// ignore them.
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

// A std::mutex that the analysis knows. Use of a member with GUARDED_BY(mutex_), and a call of a
// function with REQUIRES(mutex_), need a MutexLock of it in scope: builds with clang check that.
class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds a mutex until it is destroyed. The mutex must outlive it.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() RELEASE() = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // Releases the mutex temporarily.
  void unlock() RELEASE() { lock_.unlock(); }
  void lock() ACQUIRE() { lock_.lock(); }
  // For condition variables. A predicate that reads guarded members is [this]() REQUIRES(mutex_)
  // {...}.
  std::unique_lock<std::mutex>& native() { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace postern
