#pragma once

#include <vector>

#include "config/config.h"

namespace postern::doctor {

// The command `postern check`, which looks at everything between a scraper and the guarded pages,
// and `--config.check`, which looks at files alone. Each returns the exit code: 0, 1 when something
// failed, 2 when --target names none. They print to standard output, never a secret.
int examine(const config::CommandLine& command_line, const config::Config& config);
int examineFilesAlone(const config::CommandLine& command_line, const config::Config& config);
// What `postern check` says of a configuration that is not valid: 1.
int complain(const config::CommandLine& command_line,
             const std::vector<config::Complaint>& complaints);

}  // namespace postern::doctor
