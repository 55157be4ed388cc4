#pragma once

#include <vector>

#include "config/config.h"

namespace postern::check {

// `postern check` checks everything between a scraper and the guarded pages: first the
// configuration, then the daemon, then each target. `--config.check` checks only files. Each
// returns the exit code: 0, 1 when something failed, 2 when --target names no target. Both print to
// standard output, never a secret.
int runCheck(const config::CommandLine& command_line, const config::Config& config);
int runFileCheck(const config::CommandLine& command_line, const config::Config& config);
// `postern check` with a configuration that is not valid: prints the errors and returns 1.
int reportErrors(const config::CommandLine& command_line,
                 const std::vector<config::ConfigError>& errors);

}  // namespace postern::check
