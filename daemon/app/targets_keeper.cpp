#include "app/targets_keeper.h"

#include <algorithm>
#include <utility>

#include "app/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "config/description.h"
#include "config/yaml_tree.h"

namespace postern::app {
namespace {

// What reloadIfChanged() compares: the file, or why it cannot be read.
std::string readText(const config::Path& path) {
  std::string text;
  const auto error = readFile(path, config::kMostYamlBytes, text);
  return error ? error->what : text;
}

std::size_t threadsFor(const config::Config& config) {
  std::size_t threads = 0;
  for (const auto& target : config.targets) {
    threads += target.pages.size() * static_cast<std::size_t>(target.max_concurrent_scrapes);
  }
  return threads;
}

bool readsDatabase(const config::Config& config) {
  return std::ranges::any_of(config.targets, [](const auto& target) {
    return target.credentials && target.credentials->mysql;
  });
}

}  // namespace

TargetsKeeper::TargetsKeeper(const config::CommandLine& command_line,
                             const sandbox::Sandbox& sandbox, const Clock& clock,
                             std::function<std::string()> self_page)
    : command_line_(command_line),
      sandbox_(sandbox),
      clock_(clock),
      self_page_(std::move(self_page)) {}

TargetsKeeper::~TargetsKeeper() = default;

void TargetsKeeper::start(const config::Config& config) {
  const std::lock_guard reloading(reload_mutex_);
  if (!command_line_.options.config_file.empty())
    config_text_ = readText(command_line_.options.config_file);
  publish(config);
}

serve::TargetsNow TargetsKeeper::now() const {
  const std::lock_guard lock(mutex_);
  return targets_;
}

bool TargetsKeeper::reloadSuccessful() const {
  const std::lock_guard lock(mutex_);
  return reload_successful_;
}

SystemTime TargetsKeeper::reloaded() const {
  const std::lock_guard lock(mutex_);
  return reloaded_;
}

std::string TargetsKeeper::fingerprint() const {
  const std::lock_guard lock(mutex_);
  return fingerprint_;
}

std::shared_ptr<scrape::Target> TargetsKeeper::build(const config::Target& config,
                                                     const serve::Targets* before) {
  auto former = before == nullptr ? nullptr : before->find(config.name);
  if (former && former->config() == config) return former;
  auto door = former && former->door()->serves(config)
                  ? former->door()
                  : std::make_shared<scrape::Door>(config, command_line_.options.state_dir,
                                                   resolver_, clock_, drawUniform);
  auto stats = former ? former->stats() : std::make_shared<scrape::Stats>(config.name);
  if (config.tls.insecure_skip_verify) {
    log::warn("the service's certificate is not verified: anybody who answers gets the credential",
              {{"target", config.name}});
  }
  return std::make_shared<scrape::Target>(config, std::move(door), std::move(stats), workers_,
                                          clock_, self_page_);
}

void TargetsKeeper::publish(const config::Config& config) {
  const auto before = now();
  auto targets = std::make_shared<serve::Targets>();
  workers_.raiseBound(threadsFor(config));
  for (const auto& target : config.targets) targets->all.push_back(build(target, before.get()));
  auto fingerprint = config::fingerprint(config.targets);
  const std::lock_guard lock(mutex_);
  targets_ = std::move(targets);
  fingerprint_ = std::move(fingerprint);
  reload_successful_ = true;
  reloaded_ = clock_.system();
  if (readsDatabase(config) && !databases_.joinable()) {
    databases_ = std::jthread([this](const std::stop_token& stop) { watchDatabases(stop); });
  }
}

std::string TargetsKeeper::reload() {
  const std::lock_guard reloading(reload_mutex_);
  const auto& file = command_line_.options.config_file;
  if (!file.empty()) config_text_ = readText(file);
  auto loaded = config::load(command_line_);
  std::ranges::move(outsideOf(sandbox_, loaded.config.files),
                    std::back_inserter(loaded.complaints));
  if (loaded.complaints.empty()) {
    publish(loaded.config);
    log::info("configuration reloaded", {{"targets", loaded.config.targets.size()}});
    return "";
  }
  std::string complaints;
  for (const auto& complaint : loaded.complaints) {
    log::error("configuration not reloaded, the running one stays", {{"error", complaint.text()}});
    complaints += complaint.text() + "\n";
  }
  const std::lock_guard lock(mutex_);
  reload_successful_ = false;
  return complaints;
}

void TargetsKeeper::reloadIfChanged() {
  const auto& file = command_line_.options.config_file;
  if (file.empty()) return;
  {
    const std::lock_guard reloading(reload_mutex_);
    if (readText(file) == config_text_) return;
  }
  reload();
}

void TargetsKeeper::poll() {
  for (const auto& target : now()->all) target->door()->pollFiles();
}

void TargetsKeeper::watchDatabases(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto targets = targets_;
    asking_databases_ = true;
    lock.unlock();
    for (const auto& target : targets->all) {
      if (!stop.stop_requested()) target->door()->pollDatabase();
    }
    lock.lock();
    asking_databases_ = false;
    wake_.notify_all();
    wake_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
  }
}

bool TargetsKeeper::settle(SteadyTime deadline) {
  databases_.request_stop();
  if (!workers_.settle(deadline)) return false;
  std::unique_lock lock(mutex_);
  return wake_.wait_until(lock, deadline, [&] { return !asking_databases_; });
}

void TargetsKeeper::logout() {
  const auto deadline = deadlineIn(std::chrono::seconds(1));
  for (const auto& target : now()->all) target->door()->session.logout(deadline);
}

}  // namespace postern::app
