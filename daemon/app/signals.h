#pragma once

#include <chrono>
#include <csignal>

namespace postern::app {

// Blocks SIGTERM, SIGINT and SIGHUP in the calling thread and in the threads that it starts, so
// that one thread can wait for them. Ignores SIGPIPE.
sigset_t blockSignals();
// How long a main thread waits for a signal before it polls mounted files again.
inline constexpr std::chrono::seconds kPollInterval{1};

// The received signal, or -1 after the timeout.
int waitForSignal(const sigset_t& signals, std::chrono::seconds at_most);

}  // namespace postern::app
