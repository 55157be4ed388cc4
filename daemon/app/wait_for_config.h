#pragma once

#include <optional>
#include <variant>

#include "app/listeners.h"
#include "config/config.h"

namespace postern::app {

// A valid configuration, and the already open addresses (set only after a wait).
struct ConfigAndListeners {
  config::Config config;
  std::optional<Listeners> listeners;
};

// --config.await: returns once the configuration and the web configuration are valid. Until then a
// StandbyServer answers at the addresses: alive, not ready, and what is wrong. The files are read
// again when they change, and at least every 10 s. Returns the exit code if the process must end: 0
// after SIGTERM or SIGINT, 1 if it cannot listen, 2 if the required sandbox is unavailable.
// Requires that no other thread runs.
std::variant<ConfigAndListeners, int> waitForConfig(const config::CommandLine& command_line);

}  // namespace postern::app
