#pragma once

#include <optional>

#include "app/doors.h"
#include "config/config.h"

namespace postern::app {

// `postern`: serves until SIGTERM or SIGINT; SIGHUP reloads. `doors` are the addresses when they
// are open already. Returns the exit code: 0, 1 when it cannot listen, or 2 when the sandbox that
// is asked for cannot be had.
int serve(const config::CommandLine& command_line, const config::Config& config,
          std::optional<Doors> doors = std::nullopt);

}  // namespace postern::app
