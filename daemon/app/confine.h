#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "sandbox/sandbox.h"
#include "serve/own_metrics.h"

namespace postern::app {

// Puts the sandbox in force that `options` asks for, and says in the log what came of it. Requires
// that no other thread runs. Nothing after saying why the program cannot go on.
std::optional<sandbox::Sandbox> confine(const config::Options& options,
                                        const config::Config& config);

// What our own metrics say of it.
serve::SandboxState stateOf(config::SandboxMode mode, const sandbox::Sandbox& sandbox);

// A complaint for each of `files` that the sandbox does not let us read before a restart.
std::vector<config::Complaint> outsideOf(const sandbox::Sandbox& sandbox,
                                         const std::vector<config::Path>& files);

}  // namespace postern::app
