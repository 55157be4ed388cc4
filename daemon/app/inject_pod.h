#pragma once

#include "config/config.h"
#include "kube/inject.h"

namespace postern::app {

// Prints the pod of a manifest as the webhook would have it, as JSON; warnings and refusals go to
// standard error. Returns the exit code: 1 when it cannot be read or is refused.
int injectPod(const config::Path& file, const kube::Rules& rules);

}  // namespace postern::app
