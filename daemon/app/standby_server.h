#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "app/listeners.h"
#include "config/config.h"

namespace postern::app {

// The process that answers while the daemon waits for a valid configuration. It is a process of its
// own because the sandbox, which nobody can lift, has to know the files that the configuration
// names: this process enters one with the files of the flags, and ends when the configuration is
// known. It holds no credential and sends nothing to a service. Not thread-safe; requires that no
// other thread runs.
class StandbyServer {
 public:
  struct Notice {
    std::string reason;      // what is wrong, in one line
    bool web_valid = false;  // the web configuration is valid, or there is none: the reason is for
                             // everybody whom it lets in; else for --web.health-address alone
  };

  // Both must outlive it.
  StandbyServer(const config::Options& options, const Listeners& listeners)
      : options_(options), listeners_(listeners) {}
  ~StandbyServer() { stop(); }
  StandbyServer(const StandbyServer&) = delete;
  StandbyServer& operator=(const StandbyServer&) = delete;

  // Starts the process, or another one with another notice; connections that arrive between the two
  // wait.
  void start(const Notice& notice);
  void stop();
  // The exit code when the process has ended by itself.
  std::optional<int> ended();

 private:
  const config::Options& options_;
  const Listeners& listeners_;
  pid_t process_ = -1;
};

}  // namespace postern::app
