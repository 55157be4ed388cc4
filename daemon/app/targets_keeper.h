#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/long_mutex.h"
#include "config/config.h"
#include "sandbox/sandbox.h"
#include "async/thread_pool.h"
#include "serve/targets.h"
#include "upstream/resolver.h"

namespace postern::app {

// Builds the targets of a configuration and replaces them whole when it is reloaded: what a
// reload does not touch keeps its session, connections and counts. Thread-safe.
class TargetsKeeper {
 public:
  // `command_line`, `sandbox` and `clock` must outlive the keeper. `self_page` is what append_self
  // puts into a page.
  TargetsKeeper(const config::CommandLine& command_line, const sandbox::Sandbox& sandbox,
                const Clock& clock, std::function<std::string()> self_page);
  ~TargetsKeeper();

  void start(const config::Config& config);
  serve::TargetsNow now() const;

  // Every complaint, a line each; empty when the new configuration is in force.
  std::string reload();
  // Reloads when the configuration file has changed since it was last read.
  void reloadIfChanged();
  bool reloadSuccessful() const;
  SystemTime reloaded() const;
  // Of the configuration in force, see config/description.h.
  std::string fingerprint() const;

  // Once a second: looks for changed files.
  void poll();
  // Waits until nothing that we started is under way; false when `deadline` came first. A login or
  // a database that hangs may take so long.
  bool settle(SteadyTime deadline);
  // Logs out where the configuration says so, in a second at most.
  void logout();

 private:
  void publish(const config::Config& config);
  std::shared_ptr<scrape::Target> build(const config::Target& config, const serve::Targets* before);
  void watchDatabases(const std::stop_token& stop);

  const config::CommandLine& command_line_;
  const sandbox::Sandbox& sandbox_;
  const Clock& clock_;
  const std::function<std::string()> self_page_;
  upstream::Resolver resolver_;
  async::ThreadPool workers_{0};

  LongMutex reload_mutex_;
  std::string config_text_;  // guarded by reload_mutex_: of the file when it was last read

  mutable std::mutex mutex_;
  serve::TargetsNow targets_;  // guarded by mutex_, as is what follows
  bool reload_successful_ = true;
  SystemTime reloaded_;
  std::string fingerprint_;
  bool asking_databases_ = false;
  std::condition_variable_any wake_;  // a look at the databases has ended, or shall
  std::jthread databases_;            // runs while some target reads its credential from a database
};

}  // namespace postern::app
