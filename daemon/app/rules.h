#pragma once

#include "config/config.h"

namespace postern::app {

// `postern rules FILE`: what the rules of a target make of a page, printed rule by rule. Returns
// the exit code: 1 when the page cannot be read, 2 when the target is not named or not known.
int rules(const config::CommandLine& command_line, const config::Config& config);

}  // namespace postern::app
