#include "check/check.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "check/local_daemon.h"
#include "check/target_check.h"
#include "config/description.h"
#include "config/web_config.h"
#include "tls/server_context.h"

namespace postern::check {
namespace {

std::string sourceOf(const config::CommandLine& command_line) {
  const auto& file = command_line.options.config_file;
  return file.empty() ? "flags and environment" : file.string();
}

Step configStep(const config::CommandLine& command_line, const config::Config& config) {
  const auto count = config.targets.size();
  Step step{"config", StepState::Ok,
            fmt::format("{}: valid, {}{}", sourceOf(command_line), count,
                        count == 1 ? " target" : " targets"),
            "", OrderedJson::object()};
  step.details = {{"from", sourceOf(command_line)}, {"targets", count}};
  return step;
}

void reportConfig(const config::CommandLine& command_line, const config::Config& config,
                  Report& report) {
  report.add(configStep(command_line, config));
  for (const auto& warning : command_line.warnings)
    report.add({"config", StepState::Warning, warning, "correct the variable's name, or remove it",
                OrderedJson::object()});
  const auto& state = command_line.options.state_dir;
  if (!state.empty() && ::access(state.c_str(), W_OK | X_OK) != 0) {
    report.add({"state", StepState::Warning,
                fmt::format("{} (--state.dir) is not a folder that user {} can write to: no "
                            "back-off survives a restart",
                            state.string(), ::geteuid()),
                "mount an emptyDir there, with an fsGroup of this user", OrderedJson::object()});
  }
}

// "is unknown, expected one of a, b" and "unknown key, did you mean c?": the second half becomes
// the remedy.
Step errorStep(const config::ConfigError& error) {
  constexpr std::string_view kExpected = ", expected ";
  constexpr std::string_view kMeant = ", did you mean ";
  auto text = error.text();
  std::string remedy = "correct it there; daemon/config/README.md lists every key with its meaning";
  if (const auto at = text.rfind(kExpected); at != std::string::npos) {
    remedy = "write " + text.substr(at + kExpected.size());
    text.resize(at);
  } else if (const auto meant = text.rfind(kMeant); meant != std::string::npos) {
    remedy = "write " + text.substr(meant + kMeant.size());
    remedy.back() = ',';  // was a question mark
    remedy += " if that is meant";
    text.resize(meant);
  }
  return {"config", StepState::Failed, text, remedy, {{"where", error.where}, {"key", error.key}}};
}

// --web.config.file and the files that it names.
void reportWeb(const config::Options& options, Report& report) {
  if (options.web_config_file.empty()) return;
  const auto loaded = config::loadWebConfig(options.web_config_file);
  for (const auto& error : loaded.errors) report.add(errorStep(error));
  if (!loaded.errors.empty()) return;
  auto warnings = loaded.warnings;
  Step step{"web", StepState::Ok, options.web_config_file.string() + ": valid", "",
            OrderedJson::object()};
  if (loaded.config.tls) {
    const auto context = tls::loadServerContext(*loaded.config.tls, options.web_key_password_file,
                                                std::chrono::system_clock::now());
    if (context) {
      warnings.insert(warnings.end(), context->warnings.begin(), context->warnings.end());
    } else {
      step.state = StepState::Failed;
      step.what = context.error().what;
      step.remedy =
          "correct the file; until then every handshake on --web.listen-address is refused";
    }
  }
  report.add(step);
  for (const auto& warning : warnings) {
    report.add({"web", StepState::Warning, warning, "see Access control in daemon/web/README.md",
                OrderedJson::object()});
  }
}

bool names(const config::Config& config, const std::string& name) {
  if (name.empty()) return true;
  std::string known;
  for (const auto& target : config.targets) {
    if (target.name == name) return true;
    known += (known.empty() ? "" : ", ") + target.name;
  }
  std::fprintf(stderr, "--target: no target has this name, expected one of %s\n", known.c_str());
  return false;
}

}  // namespace

int runCheck(const config::CommandLine& command_line, const config::Config& config) {
  if (!names(config, command_line.target)) return 2;
  Report report(command_line.check.json, stdout);
  reportConfig(command_line, config, report);
  reportWeb(command_line.options, report);
  Network network;
  LocalDaemon daemon(command_line.options, config::fingerprint(config.targets), network);
  report.add(daemon.step());
  for (const auto& target : config.targets) {
    if (command_line.target.empty() || target.name == command_line.target)
      TargetCheck(target, command_line, report).run(daemon, network);
  }
  report.finish();
  return report.good() ? 0 : 1;
}

int runFileCheck(const config::CommandLine& command_line, const config::Config& config) {
  Report report(/*json=*/false, stdout);
  reportConfig(command_line, config, report);
  reportWeb(command_line.options, report);
  for (const auto& target : config.targets) TargetCheck(target, command_line, report).reportFiles();
  report.finish();
  return report.good() ? 0 : 1;
}

int reportErrors(const config::CommandLine& command_line,
                 const std::vector<config::ConfigError>& errors) {
  Report report(command_line.check.json, stdout);
  for (const auto& error : errors) report.add(errorStep(error));
  report.finish();
  return 1;
}

}  // namespace postern::check
