#include "app/signals.h"

#include <ctime>

namespace postern::app {

sigset_t blockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int waitForSignal(const sigset_t& signals, std::chrono::seconds at_most) {
  const timespec timeout{at_most.count(), 0};
  return sigtimedwait(&signals, nullptr, &timeout);
}

}  // namespace postern::app
