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
#include "serve/targets.h"
#include "upstream/resolver.h"

namespace postern::app {

// The targets of one configuration, and its fingerprint (config/description.h).
struct TargetSet {
  serve::Targets targets;
  std::string fingerprint;
};

// Builds the targets of a configuration and replaces them whole when it is reloaded: what a reload
// does not change keeps its session, connections and counts. Thread-safe.
class TargetRegistry final : ReloadSource<TargetSet> {
 public:
  // `loop`, by whose clock the registry lives too, is where the targets are.
  struct Threads {
    async::LoopThread& loop;
    async::ThreadPool& pool;  // for what may block
  };
  // All references must outlive the registry. `self_metrics` is what append_self puts into a page.
  TargetRegistry(const config::CommandLine& command_line, const sandbox::Sandbox& sandbox,
                 const Threads& threads, scrape::SelfMetrics self_metrics);
  ~TargetRegistry() override;

  // Builds the first targets. Requires that nothing else has been called yet.
  void start(const config::Config& config);
  // Null before start().
  serve::TargetsNow now() const;

  // Every complaint, a line each; empty when the new configuration is in force.
  std::string reload();
  // Reloads when the configuration file has changed since it was last read.
  void reloadIfChanged();
  bool reloadSuccessful() const { return !reloading_.status().error; }
  SystemTime reloaded() const { return reloading_.status().loaded_at; }
  // Of the configuration in force.
  std::string fingerprint() const;

  // Once a second: looks for changed files.
  void poll();
  // Waits until nothing that may block is under way; false when `deadline` came first. A database
  // that hangs may take so long.
  bool settle(SteadyTime deadline);
  // Logs out where the configuration says so, in a second at most.
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
  const async::LoopFlush flush_{threads_.loop};  // of the targets, which use the resolver

  // Of a load alone.
  const config::Config* first_ = nullptr;      // what start() was given; else the file is read
  std::vector<config::Complaint> complaints_;  // of a load that failed

  Reloading<TargetSet> reloading_;

  Mutex mutex_;
  bool asking_databases_ GUARDED_BY(mutex_) = false;
  std::condition_variable_any wake_;           // a look at the databases has ended, or shall
  std::jthread databases_ GUARDED_BY(mutex_);  // runs while some target has a database
};

}  // namespace postern::app
