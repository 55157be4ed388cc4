#pragma once

#include <optional>

#include "config/config.h"

namespace postern::app {

// `postern`: serves until SIGTERM or SIGINT; SIGHUP reloads. `config` is the one to begin with;
// none: --config.await, which waits for a valid one. Returns the exit code: 0, 1 when it cannot
// listen, or 2 when the sandbox that is asked for cannot be had.
int serve(const config::CommandLine& command_line, std::optional<config::Config> config);

}  // namespace postern::app
