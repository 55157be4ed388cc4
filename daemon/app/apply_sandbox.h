#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "sandbox/sandbox.h"
#include "web/self_metrics.h"

namespace postern::app {

// Applies the sandbox of `options` and logs the result. Requires that no other thread runs. If the
// program must not run without it, logs why and returns nothing.
std::optional<sandbox::Sandbox> applySandbox(const config::Options& options,
                                             const config::Config& config);

// The sandbox's state for the self-metrics.
web::SandboxState stateOf(config::SandboxMode mode, const sandbox::Sandbox& sandbox);

// An error for each of `files` that is unreadable in the sandbox before a restart.
std::vector<config::ConfigError> outsideOf(const sandbox::Sandbox& sandbox,
                                           const std::vector<config::Path>& files);

}  // namespace postern::app
