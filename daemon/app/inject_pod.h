#pragma once

#include "config/config.h"
#include "kube/inject.h"

namespace postern::app {

// Prints the pod of a manifest as the webhook would change it, as JSON. Warnings and refusals go to
// standard error. Returns the exit code: 1 if it is unreadable or refused.
int injectPod(const config::Path& file, const kube::InjectionRules& rules);

}  // namespace postern::app
