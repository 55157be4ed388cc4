#include "app/wait_for_config.h"

#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "app/exit_code.h"
#include "app/signals.h"
#include "app/standby_server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/reloading.h"
#include "config/web_config.h"
#include "tls/files.h"

namespace postern::app {
namespace {

using std::chrono::seconds;

constexpr seconds kPollEvery{1};
constexpr seconds kReadAnyway{10};

// Reads the files of the configuration and the web configuration. One thread.
class ConfigFiles final : public ReloadSource<config::Config> {
 public:
  // `command_line` must outlive this.
  explicit ConfigFiles(const config::CommandLine& command_line)
      : command_line_(command_line),
        files_{command_line.options.config_file, command_line.options.web_config_file} {}

  std::string signature() override { return signatureOf(files_); }
  Result<Snapshot> load(const Snapshot& former, std::string& signature) override;
  void onLoaded(const Snapshot& /*config*/) override {}
  void onFailed(const ReloadFailure& failure) override { news_ = news_ || failure.new_error; }

  // Whether the errors have changed since the last call.
  bool takeNews() { return std::exchange(news_, false); }
  const std::vector<config::ConfigError>& errors() const { return errors_; }
  StandbyServer::Notice notice() const;

 private:
  static std::string signatureOf(const std::vector<config::Path>& files);

  const config::CommandLine& command_line_;
  std::vector<config::Path> files_;  // all that a load reads, whether or not they exist
  std::vector<config::ConfigError> errors_;
  bool web_valid_ = true;
  bool news_ = false;
};

std::string ConfigFiles::signatureOf(const std::vector<config::Path>& files) {
  std::string signature;
  for (const auto& file : files) signature += tls::signatureOf(file);
  return signature;
}

Result<ConfigFiles::Snapshot> ConfigFiles::load(const Snapshot& /*former*/,
                                                std::string& signature) {
  const auto& options = command_line_.options;
  files_ = {options.config_file, options.web_config_file};
  signature = signatureOf(files_);
  const auto add = [&](const std::vector<config::Path>& files) {
    signature += signatureOf(files);
    files_.insert(files_.end(), files.begin(), files.end());
  };
  auto loaded = config::load(command_line_);
  errors_ = std::move(loaded.errors);
  add(loaded.config.files);
  web_valid_ = true;
  if (!options.web_config_file.empty()) {
    const auto web = config::loadWebConfig(options.web_config_file);
    web_valid_ = web.errors.empty();
    errors_.insert(errors_.end(), web.errors.begin(), web.errors.end());
    add(web.files);
  }
  if (errors_.empty()) return std::make_shared<const config::Config>(std::move(loaded.config));
  std::string all;
  for (const auto& error : errors_) all += error.text() + "\n";
  return Error{Fault::Config, std::move(all)};
}

StandbyServer::Notice ConfigFiles::notice() const {
  std::string reason = errors_.front().text();
  if (errors_.size() > 1)
    reason += fmt::format(" (and {} more, which the log names)", errors_.size() - 1);
  return {reason, web_valid_};
}

// Polls the files until they are valid. Returns the exit code if the process must end before that.
std::optional<int> waitWith(StandbyServer& standby, ConfigFiles& files,
                            Reloading<config::Config>& reloading, const sigset_t& signals) {
  while (reloading.now() == nullptr) {
    if (files.takeNews()) {
      for (const auto& error : files.errors())
        log::error("the configuration is invalid, waiting for a valid one",
                   {{"error", error.text()}});
      standby.start(files.notice());
    }
    const int signal = waitForSignal(signals, kPollEvery);
    if (signal == SIGTERM || signal == SIGINT) return 0;
    if (signal == SIGHUP) {
      static_cast<void>(reloading.reload());  // errors() has the mistakes
      continue;
    }
    reloading.poll();
    if (reloading.now() != nullptr) break;
    const auto code = standby.ended();
    if (code == kBadUsage) return kBadUsage;
    if (code) standby.start(files.notice());
  }
  return std::nullopt;
}

}  // namespace

std::variant<ConfigAndListeners, int> waitForConfig(const config::CommandLine& command_line) {
  const RealClock clock;
  ConfigFiles files(command_line);
  Reloading<config::Config> reloading(files, clock, kReadAnyway);
  if (reloading.reload()) return ConfigAndListeners{*reloading.now(), std::nullopt};
  const sigset_t signals = blockSignals();
  raiseDescriptorLimit(command_line.options.max_connections);
  auto listeners = openListeners(command_line.options);
  if (!listeners) return 1;
  StandbyServer standby(command_line.options, *listeners);
  if (const auto code = waitWith(standby, files, reloading, signals)) return *code;
  log::info("the configuration is valid now");
  standby.stop();
  return ConfigAndListeners{*reloading.now(), std::move(listeners)};
}

}  // namespace postern::app
