#pragma once

#include "config/config.h"

namespace postern::app {

// `postern`: serves until SIGTERM or SIGINT; SIGHUP reloads. Returns the exit code: 0, or 1 when
// it cannot listen.
int serve(const config::CommandLine& command_line, const config::Config& config);

}  // namespace postern::app
