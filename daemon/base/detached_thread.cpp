#include "base/detached_thread.h"

#include <pthread.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

namespace postern {
namespace {

void* run(void* work) {
  const std::unique_ptr<Job> owned(static_cast<Job*>(work));
  (*owned)();
  return nullptr;
}

}  // namespace

// Not std::thread: it throws if the system has no more threads, but only one call must fail.
bool startDetachedThread(Job work) {
  auto owned = std::make_unique<Job>(std::move(work));
  pthread_t thread{};
  if (::pthread_create(&thread, nullptr, run, owned.get()) != 0) return false;
  static_cast<void>(owned.release());
  ::pthread_detach(thread);
  return true;
}

void exitNow(int code) {
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace postern
