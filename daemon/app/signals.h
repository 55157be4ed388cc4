#pragma once

#include <chrono>
#include <csignal>

namespace postern::app {

// SIGTERM, SIGINT and SIGHUP are blocked in the calling thread, and in those that it starts, so
// that one thread can wait for them; SIGPIPE is ignored.
sigset_t blockSignals();
// How long the main threads wait for a signal before they look at mounted files again.
inline constexpr std::chrono::seconds kPollInterval{1};

// The signal that came, or -1 when the time was up.
int waitForSignal(const sigset_t& signals, std::chrono::seconds at_most);

}  // namespace postern::app
