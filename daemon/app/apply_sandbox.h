#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "sandbox/sandbox.h"
#include "serve/own_metrics.h"

namespace postern::app {

// Applies the sandbox that `options` asks for and logs the result. Requires that no other thread
// runs. Returns nothing when the program must not run without it, after logging why.
std::optional<sandbox::Sandbox> applySandbox(const config::Options& options,
                                             const config::Config& config);

// The sandbox's state for our own metrics.
serve::SandboxState stateOf(config::SandboxMode mode, const sandbox::Sandbox& sandbox);

// A complaint for each of `files` that the sandbox does not let us read before a restart.
std::vector<config::Complaint> outsideOf(const sandbox::Sandbox& sandbox,
                                         const std::vector<config::Path>& files);

}  // namespace postern::app
