#include "app/run.h"

#include <fmt/core.h>

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <utility>

#include "app/exit_code.h"
#include "app/inject.h"
#include "app/memory_trim.h"
#include "app/rules.h"
#include "app/serve.h"
#include "base/version.h"
#include "check/check.h"
#include "check/local_daemon.h"
#include "config/config.h"
#include "config/web_config.h"
#include "exposition/page_template.h"
#include "presets/registry.h"

namespace postern::app {
namespace {

// A core file or a debugger would show the secrets of the process.
void hideMemory() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

void print(const std::string& text, std::FILE* to) {
  std::fwrite(text.data(), 1, text.size(), to);
}

int printErrors(const std::vector<config::ConfigError>& errors) {
  for (const auto& error : errors) print(error.text() + "\n", stderr);
  return kBadUsage;
}

// `postern check`: writes its findings only into its report, so the log is off below errors.
int check(const config::CommandLine& command_line) {
  log::configure(log::LogLevel::Error, command_line.options.log_format);
  exposition::limitPageTemplates(0);  // each page is read once
  if (command_line.check.live) return check::live(command_line.options);
  const auto loaded = config::load(command_line);
  if (!loaded.errors.empty()) return check::reportErrors(command_line, loaded.errors);
  return check::runCheck(command_line, loaded.config);
}

}  // namespace

int run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  hideMemory();
  boundAllocator();
  const auto command_line = config::parseCommandLine(presets::products(), arguments, environment);
  if (!command_line.errors.empty()) return printErrors(command_line.errors);
  switch (command_line.command) {
    case config::Command::Help: print(config::helpText(presets::products()), stdout); return 0;
    case config::Command::Version:
      print(fmt::format("postern {} (revision {})\n", version(), revision()), stdout);
      return 0;
    case config::Command::Run:
    case config::Command::Rules:
    case config::Command::Check:
    case config::Command::Inject: break;
  }
  if (command_line.command == config::Command::Check) return check(command_line);
  log::configure(command_line.options.log_level, command_line.options.log_format);
  for (const auto& warning : command_line.warnings) log::warn(warning);
  if (command_line.command == config::Command::Inject) return inject(command_line);
  const auto& options = command_line.options;
  if (command_line.command == config::Command::Run && options.await && !options.check)
    return serve(command_line, std::nullopt);
  const auto loaded = config::load(command_line);
  const auto web = options.web_config_file.empty() ? config::LoadedWebConfig()
                                                   : config::loadWebConfig(options.web_config_file);
  auto errors = loaded.errors;
  errors.insert(errors.end(), web.errors.begin(), web.errors.end());
  if (!errors.empty()) return printErrors(errors);
  if (command_line.command == config::Command::Rules) return rules(command_line, loaded.config);
  if (options.check) return check::runFileCheck(command_line, loaded.config);
  return serve(command_line, loaded.config);
}

}  // namespace postern::app
