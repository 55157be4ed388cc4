#pragma once

#include <condition_variable>
#include <string>
#include <thread>
#include <vector>

#include "async/loop_thread.h"
#include "async/thread_pool.h"
#include "base/mutex.h"
#include "base/reloading.h"
#include "config/config.h"
#include "sandbox/sandbox.h"
#include "scrape/page_context.h"
#include "upstream/resolver.h"
#include "web/targets.h"

namespace postern::app {

// The targets of one configuration, and its fingerprint (config/description.h).
struct TargetSet {
  web::Targets targets;
  std::string fingerprint;
};

// Builds the targets of a configuration and replaces them as a whole after a reload. Unchanged
// targets keep their session, connections and counters. Thread-safe.
class TargetRegistry final : ReloadSource<TargetSet> {
 public:
  // `loop` is the event loop of the targets; the registry uses its clock too.
  struct Threads {
    async::LoopThread& loop;
    async::ThreadPool& pool;  // for blocking calls
  };
  // All references must outlive the registry. `self_metrics` are the metrics that append_self adds
  // to a page.
  TargetRegistry(const config::CommandLine& command_line, const sandbox::Sandbox& sandbox,
                 const Threads& threads, scrape::SelfMetrics self_metrics);
  ~TargetRegistry() override;

  // Builds the first targets. Must be the first call.
  void start(const config::Config& config);
  // Null before start().
  web::TargetsNow now() const;

  // Every error, one per line; empty once the new configuration is in use.
  std::string reload();
  // Reloads if the configuration file has changed since it was last read.
  void reloadIfChanged();
  bool reloadSuccessful() const { return !reloading_.status().error; }
  SystemTime reloaded() const { return reloading_.status().loaded_at; }
  // The fingerprint of the configuration in use.
  std::string fingerprint() const;

  // Called once a second: looks for changed files.
  void poll();
  // Waits for the end of blocking calls; false if `deadline` comes first, for example with a
  // hanging database.
  bool settle(SteadyTime deadline);
  // Logs out where the configuration requires it, in at most one second.
  void logout();

 private:
  std::string signature() override;
  Result<Snapshot> load(const Snapshot& former, std::string& signature) override;
  void onLoaded(const Snapshot& set) override;
  void onFailed(const ReloadFailure& failure) override;
  std::shared_ptr<scrape::Target> build(const config::Target& config, const TargetSet* former);
  void watchDatabases(const std::stop_token& stop);

  const config::CommandLine& command_line_;
  const sandbox::Sandbox& sandbox_;
  const Threads threads_;
  const scrape::SelfMetrics self_metrics_;
  upstream::Resolver resolver_;
  const async::LoopFlush flush_{threads_.loop};  // for the targets, which use the resolver

  // Used only during a load.
  const config::Config* first_ = nullptr;    // argument of start(); null: read the file
  std::vector<config::ConfigError> errors_;  // of a failed load

  Reloading<TargetSet> reloading_;

  Mutex mutex_;
  bool asking_databases_ GUARDED_BY(mutex_) = false;
  std::condition_variable_any wake_;           // a poll of the databases has ended, or is requested
  std::jthread databases_ GUARDED_BY(mutex_);  // runs while any target has a database
};

}  // namespace postern::app
