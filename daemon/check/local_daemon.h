#pragma once

#include <memory>
#include <optional>
#include <string>

#include "check/daemon_client.h"
#include "check/report.h"
#include "check/scrape_steps.h"
#include "check/status_document.h"
#include "config/config.h"

namespace postern::check {

// The daemon on this machine. Requests its state at --web.health-address, else at
// --web.listen-address. Not thread-safe.
class LocalDaemon {
 public:
  enum class DaemonState {
    None,          // nobody listens
    Serves,        // exactly this configuration
    ServesOther,   // another configuration
    CannotBeAsked  // a listener that does not report its state. It may wait, so no login is allowed
  };

  // Requests the state. `options` and `network` must outlive the object.
  LocalDaemon(const config::Options& options, const std::string& fingerprint, Network& network);

  DaemonState state() const { return state_; }
  // The result, for people.
  Step step() const;
  const std::string& where() const { return where_; }  // the address that answered, or was tried

  // The daemon's last report about the target of that name. Not set when the daemon does not have
  // it.
  std::optional<StatusDocument> target(const std::string& name) const;
  // The report about a target that may be the same as ours: with that name, or at that url.
  std::optional<StatusDocument> similarTarget(const config::Target& target) const;
  // Requests the state again. If the daemon is gone, the earlier report stays.
  void refresh();

  // The daemon's answer to a scraper, if its listener lets us see it.
  ScraperAnswer scrape(const config::Target& target);

 private:
  bool requestStatusAt(const std::string& address, const std::string& prefix);

  const config::Options& options_;
  const std::string fingerprint_;
  Network& network_;
  DaemonState state_ = DaemonState::None;
  std::string where_;
  std::string why_;  // why it does not report its state
  std::unique_ptr<DaemonClient> client_;
  std::string prefix_;  // path prefix of client_
  std::optional<StatusDocument> status_;
};

// `postern check --live`: whether the daemon answers its liveness probe. Prints one line. Returns
// the exit code, 0 or 1. Takes 2 seconds at most.
int live(const config::Options& options);

}  // namespace postern::check
