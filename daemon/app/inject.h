#pragma once

#include "config/config.h"

namespace postern::app {

// `postern inject`: runs the webhook until SIGTERM or SIGINT, or with --pod injects one manifest.
// Returns the exit code: 0; 1 if it cannot listen, or the pod is unreadable or refused; 2 for
// mistakes in --inject.default, or if the required sandbox is unavailable.
int inject(const config::CommandLine& command_line);

}  // namespace postern::app
