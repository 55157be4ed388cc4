#include "app/target_registry.h"

#include <algorithm>
#include <utility>

#include "app/apply_sandbox.h"
#include "base/file.h"
#include "base/log.h"
#include "config/description.h"
#include "config/yaml_tree.h"

namespace postern::app {
namespace {

// The signature of the file: its content, or why it cannot be read.
std::string readText(const config::Path& path) {
  std::string text;
  const auto error = readFile(path, config::kMostYamlBytes, text);
  return error ? error->what : text;
}

// For each target one thread that reads its credential, and one that merges its pages or writes its
// state. They start and end with the load.
std::size_t threadsFor(const config::Config& config) {
  constexpr std::size_t kOthers = 8;  // handshakes and slow requests
  return kOthers + 2 * config.targets.size();
}

async::Task<> logOut(async::Loop& loop, const web::Targets& targets) {
  async::Scope time(loop, loop.now() + std::chrono::seconds(1));
  async::Scope whole(loop);  // each ends with `time`
  async::Group group;
  for (const auto& target : targets.all) group.add(target->client()->session.logout(time));
  co_await group.join(whole);
}

}  // namespace

TargetRegistry::TargetRegistry(const config::CommandLine& command_line,
                               const sandbox::Sandbox& sandbox, const Threads& threads,
                               scrape::SelfMetrics self_metrics)
    : command_line_(command_line),
      sandbox_(sandbox),
      threads_(threads),
      self_metrics_(std::move(self_metrics)),
      // An invalid file is read again when it changes.
      reloading_(*this, threads.loop.loop().clock(), std::nullopt) {}

TargetRegistry::~TargetRegistry() = default;

void TargetRegistry::start(const config::Config& config) {
  first_ = &config;
  static_cast<void>(reloading_.reload());  // cannot fail, because it reads nothing
  first_ = nullptr;
}

web::TargetsNow TargetRegistry::now() const {
  const auto set = reloading_.now();
  return set ? web::TargetsNow(set, &set->targets) : nullptr;
}

std::string TargetRegistry::fingerprint() const {
  const auto set = reloading_.now();
  return set ? set->fingerprint : std::string();
}

std::string TargetRegistry::reload() {
  const auto reloaded = reloading_.reload();
  return reloaded ? std::string() : reloaded.error().what;
}

void TargetRegistry::reloadIfChanged() {
  if (!command_line_.options.config_file.empty()) reloading_.poll();
}

std::string TargetRegistry::signature() {
  const auto& file = command_line_.options.config_file;
  return file.empty() ? std::string() : readText(file);
}

std::shared_ptr<scrape::Target> TargetRegistry::build(const config::Target& config,
                                                      const TargetSet* former_set) {
  auto former = former_set == nullptr ? nullptr : former_set->targets.find(config.name);
  if (former && former->config() == config) return former;
  auto& loop = threads_.loop.loop();
  auto client = former && former->client()->serves(config) ? former->client() : nullptr;
  if (!client) {
    const scrape::TargetClient::ClientParts parts{resolver_, loop, threads_.pool};
    client = async::makeOnLoop<scrape::TargetClient>(loop, config, command_line_.options.state_dir,
                                                     parts, drawUniform);
  }
  auto stats = former ? former->stats() : std::make_shared<scrape::Stats>(config.name);
  if (config.tls.insecure_skip_verify) {
    log::warn("the service's certificate is not verified: anybody who answers gets the credential",
              {{"target", config.name}});
  }
  return async::makeOnLoop<scrape::Target>(loop, config, std::move(client), std::move(stats), loop,
                                           threads_.pool, self_metrics_);
}

Result<TargetRegistry::Snapshot> TargetRegistry::load(const Snapshot& former,
                                                      std::string& /*signature*/) {
  config::LoadedConfig loaded;
  if (first_ == nullptr) {
    loaded = config::load(command_line_);
    std::ranges::move(outsideOf(sandbox_, loaded.config.files), std::back_inserter(loaded.errors));
  }
  errors_ = std::move(loaded.errors);
  if (!errors_.empty()) {
    std::string all;
    for (const auto& error : errors_) all += error.text() + "\n";
    return Error{Fault::Config, std::move(all)};
  }
  const auto& config = first_ == nullptr ? loaded.config : *first_;
  auto set = std::make_shared<TargetSet>();
  threads_.pool.raiseBound(threadsFor(config));
  for (const auto& target : config.targets) set->targets.all.push_back(build(target, former.get()));
  set->fingerprint = config::fingerprint(config.targets);
  return Snapshot(std::move(set));
}

void TargetRegistry::onLoaded(const Snapshot& set) {
  const auto& targets = set->targets.all;
  if (std::ranges::any_of(targets,
                          [](const auto& one) { return one->client()->readsDatabase(); })) {
    const MutexLock lock(mutex_);
    if (!databases_.joinable()) {
      databases_ = std::jthread([this](const std::stop_token& stop) { watchDatabases(stop); });
    }
  }
  if (first_ == nullptr) log::info("configuration reloaded", {{"targets", targets.size()}});
}

// Logs each time, not only new errors: somebody has requested each of these reloads.
void TargetRegistry::onFailed(const ReloadFailure& /*failure*/) {
  for (const auto& error : errors_) {
    log::error("configuration not reloaded, the running one stays", {{"error", error.text()}});
  }
}

void TargetRegistry::poll() {
  for (const auto& target : now()->all) target->client()->pollFiles();
}

void TargetRegistry::watchDatabases(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  while (!stop.stop_requested()) {
    asking_databases_ = true;
    lock.unlock();
    for (const auto& target : now()->all) {
      if (!stop.stop_requested()) target->client()->pollDatabase();
    }
    lock.lock();
    asking_databases_ = false;
    wake_.notify_all();
    wake_.wait_for(lock.native(), stop, std::chrono::seconds(1), [] { return false; });
  }
}

bool TargetRegistry::settle(SteadyTime deadline) {
  {
    const MutexLock lock(mutex_);
    databases_.request_stop();
  }
  if (!threads_.pool.settle(deadline)) return false;
  MutexLock lock(mutex_);
  return wake_.wait_until(lock.native(), deadline,
                          [&]() REQUIRES(mutex_) { return !asking_databases_; });
}

void TargetRegistry::logout() {
  const auto targets = now();
  threads_.loop.run(logOut(threads_.loop.loop(), *targets));
}

}  // namespace postern::app
