#pragma once

#include "config/config.h"

namespace postern::app {

// `postern rules FILE`: prints the effect of a target's rules on a page, rule by rule. Returns the
// exit code: 1 if the page is unreadable, 2 if the target is missing or unknown.
int rules(const config::CommandLine& command_line, const config::Config& config);

}  // namespace postern::app
