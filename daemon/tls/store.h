#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "tls/material.h"

namespace postern::tls {

// Holds the last good material of a target and notices when its files change.
//
// poll() compares what stat(2) says of the files (through symlinks: Kubernetes swaps
// ..data), and when that moved loads everything anew. A bad or half-written set keeps the
// last good one, moves a counter and is tried again at each poll until it is good. Thread-safe.
class Store {
 public:
  struct Status {
    std::uint64_t reloads = 0;  // good loads after the first
    std::uint64_t failed_reloads =
        0;                // one for each state of the files that was bad, the first included
    bool loaded = false;  // some material was good
    std::string error;    // of the last load when it failed, else empty
  };

  // Loads at once; a failure is kept for current() to tell.
  Store(config::Tls config, std::string target, const Clock& clock);

  // The last good material, or why there has been none yet (Tls).
  Result<std::shared_ptr<const Material>> current() const;
  // Once a second, by one thread.
  void poll();
  Status status() const;
  const config::Tls& config() const { return config_; }

 private:
  void reload(std::string signature);
  void take(std::shared_ptr<const Material> material);
  void keep(Error error, bool files_changed);

  const config::Tls config_;
  const std::string target_;
  const Clock& clock_;
  std::string signature_;  // of the files at the last load; only poll() uses it, empty before

  mutable std::mutex mutex_;
  std::shared_ptr<const Material> material_;  // guarded by mutex_, as is what follows
  Status status_;
  std::optional<Error> error_;
};

}  // namespace postern::tls
