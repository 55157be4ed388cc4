#pragma once

#include <optional>
#include <variant>

#include "app/listeners.h"
#include "config/config.h"

namespace postern::app {

// A valid configuration, and the addresses that are open already (none when nobody had to wait).
struct ConfigAndListeners {
  config::Config config;
  std::optional<Listeners> listeners;
};

// --config.await: returns when the configuration and the web configuration are valid. Until then
// another process of ours answers at the addresses: alive, not ready, and what is wrong. The files
// are read again when they change, and at least every 10 s. Or the exit code, when the process has
// to end: 0 after SIGTERM or SIGINT, 1 when it cannot listen, 2 when the sandbox that is asked for
// cannot be had. Requires that no other thread runs.
std::variant<ConfigAndListeners, int> waitForConfig(const config::CommandLine& command_line);

}  // namespace postern::app
