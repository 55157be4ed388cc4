#include "app/apply_sandbox.h"

#include <cstdlib>
#include <vector>

#include "base/log.h"
#include "config/web_config.h"
#include "sandbox/sigsys_handler.h"
#include "tls/files.h"

namespace postern::app {
namespace {

sandbox::AllowedFiles filesOf(const config::Options& options, const config::Config& config) {
  sandbox::AllowedFiles files{options.files, options.state_dir};
  const auto add = [&](const std::vector<config::Path>& paths) {
    files.readable.insert(files.readable.end(), paths.begin(), paths.end());
  };
  add(config.files);
  if (!options.web_config_file.empty()) add(config::loadWebConfig(options.web_config_file).files);
  add(tls::systemRoots());
  // This variable overrides libmariadb's folder of plugins.
  if (const char* const folder = std::getenv("MARIADB_PLUGIN_DIR")) add({folder});
  return files;
}

}  // namespace

std::optional<sandbox::Sandbox> applySandbox(const config::Options& options,
                                             const config::Config& config) {
  if (options.sandbox == config::SandboxMode::Off) return sandbox::Sandbox();
  sandbox::Sandbox sandbox(filesOf(options, config));
  for (const auto& remark : sandbox.remarks()) log::warn("sandbox: " + remark);
  for (const auto* layer : {&sandbox.seccomp(), &sandbox.landlock()}) {
    if (!layer->in_force) log::warn("a part of the sandbox is missing", {{"error", layer->why}});
  }
  if (options.sandbox == config::SandboxMode::On && !sandbox.whole()) {
    log::error("--sandbox=on is not possible here; --sandbox=auto starts without the missing part");
    return std::nullopt;
  }
  log::info("sandbox in force",
            {{"seccomp", sandbox.seccomp().state}, {"landlock", sandbox.landlock().state}});
  return sandbox;
}

web::SandboxState stateOf(config::SandboxMode mode, const sandbox::Sandbox& sandbox) {
  return {std::string(config::sandboxModeName(mode)), sandbox.seccomp().state,
          sandbox.landlock().state, sandbox::refusedCalls()};
}

std::vector<config::ConfigError> outsideOf(const sandbox::Sandbox& sandbox,
                                           const std::vector<config::Path>& files) {
  std::vector<config::ConfigError> errors;
  for (const auto& file : files) {
    if (sandbox.admits(file)) continue;
    errors.push_back(
        {file.string(), "",
         "is outside the folders that the sandbox admitted at start, restart postern"});
  }
  return errors;
}

}  // namespace postern::app
