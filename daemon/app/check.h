#pragma once

#include "config/config.h"

namespace postern::app {

// `postern --config.check`: the configuration is good; says so, and looks at the files that it
// names: TLS material and mounted credentials. Talks to nobody. Returns the exit code: 0, or
// 1 when a file is bad.
int check(const config::Config& config);

}  // namespace postern::app
