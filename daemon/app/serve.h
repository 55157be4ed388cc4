#pragma once

#include <optional>

#include "config/config.h"

namespace postern::app {

// `postern`: serves until SIGTERM or SIGINT; SIGHUP reloads. `config` is the first configuration;
// not set: --config.await, which waits for a valid one. Returns the exit code: 0, 1 if it cannot
// listen, or 2 if the required sandbox is unavailable.
int serve(const config::CommandLine& command_line, std::optional<config::Config> config);

}  // namespace postern::app
