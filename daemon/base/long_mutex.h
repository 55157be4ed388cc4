#pragma once

#include <mutex>

#include "base/held_mutexes.h"
#include "base/relief.h"

namespace postern {

// A mutex that is held over I/O or long computations, so that taking it may take as long: it calls
// for Relief first. Every other mutex is held for a moment only, and by nobody who calls for
// Relief.
class LongMutex {
 public:
  void lock() {
    Relief::call();
    mutex_.lock();
    --heldMutexes();
  }
  void unlock() {
    ++heldMutexes();
    mutex_.unlock();
  }

 private:
  std::mutex mutex_;
};

}  // namespace postern
