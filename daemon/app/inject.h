#pragma once

#include "config/config.h"

namespace postern::app {

// `postern inject`: the webhook until SIGTERM or SIGINT, or with --pod one pod. Returns the exit
// code: 0; 1 when it cannot listen, or the pod cannot be read or is refused; 2 for mistakes in
// --inject.default, or when the sandbox that is asked for cannot be had.
int inject(const config::CommandLine& command_line);

}  // namespace postern::app
