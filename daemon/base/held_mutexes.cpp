#include "base/held_mutexes.h"

#ifdef POSTERN_COUNT_MUTEXES
#include <pthread.h>

namespace {

thread_local int held = 0;

}  // namespace

// What `--wrap` of the linker has our calls of pthread_mutex_lock() and its like go to, and the
// names that it gives to the functions themselves.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier)
int __real_pthread_mutex_lock(pthread_mutex_t* mutex);
int __real_pthread_mutex_trylock(pthread_mutex_t* mutex);
int __real_pthread_mutex_unlock(pthread_mutex_t* mutex);

int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) {
  const int error = __real_pthread_mutex_lock(mutex);
  if (error == 0) ++held;
  return error;
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t* mutex) {
  const int error = __real_pthread_mutex_trylock(mutex);
  if (error == 0) ++held;
  return error;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t* mutex) {
  const int error = __real_pthread_mutex_unlock(mutex);
  if (error == 0) --held;
  return error;
}
// NOLINTEND(bugprone-reserved-identifier)
}

int& postern::heldMutexes() {
  return held;
}

#else

int& postern::heldMutexes() {
  thread_local int none = 0;
  return none = 0;
}

#endif
