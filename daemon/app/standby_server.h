#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "app/listeners.h"
#include "config/config.h"

namespace postern::app {

// The process that answers while the daemon waits for a valid configuration. It is a separate
// process because a sandbox is permanent and must know the files that the configuration names. This
// process enters a sandbox with the files of the flags, and ends once the configuration is valid.
// It has no credential and sends nothing to a service. Not thread-safe; requires that no other
// thread runs.
class StandbyServer {
 public:
  struct Notice {
    std::string reason;  // what is wrong, in one line
    // The web configuration is valid or not set: every client with access gets the reason.
    // Otherwise only clients of --web.health-address get it.
    bool web_valid = false;
  };

  // Both must outlive it.
  StandbyServer(const config::Options& options, const Listeners& listeners)
      : options_(options), listeners_(listeners) {}
  ~StandbyServer() { stop(); }
  StandbyServer(const StandbyServer&) = delete;
  StandbyServer& operator=(const StandbyServer&) = delete;

  // Starts the process, or replaces it by one with another notice. Connections that arrive in
  // between wait.
  void start(const Notice& notice);
  void stop();
  // The exit code if the process has ended by itself.
  std::optional<int> ended();

 private:
  const config::Options& options_;
  const Listeners& listeners_;
  pid_t process_ = -1;
};

}  // namespace postern::app
