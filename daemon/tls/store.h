#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/reloading.h"
#include "tls/material.h"

namespace postern::tls {

// Holds the last good material of a target and notices when its files change.
//
// poll() compares what stat(2) says of the files (through symlinks: Kubernetes swaps ..data), and
// loads all of them again when that has changed. A bad or half-written set keeps the last good one,
// counts once and is tried again at each poll until it is good. Thread-safe.
class Store final : ReloadSource<Material> {
 public:
  struct Status {
    std::uint64_t reloads = 0;         // good loads after the first
    std::uint64_t failed_reloads = 0;  // bad states of the files, the first included
    bool loaded = false;               // some material was good
    std::string error;                 // of the last load when it failed, else empty
  };

  // Loads at once; a failure is kept for current() to tell. `clock` must outlive this.
  Store(config::Tls config, std::string target, const Clock& clock);

  // The last good material, or why there has been none yet (Tls).
  Result<std::shared_ptr<const Material>> current() const { return reloading_.current(); }
  // Once a second, by one thread.
  void poll() { reloading_.poll(); }
  Status status() const;
  const config::Tls& config() const { return config_; }

 private:
  std::string signature() override;
  Result<Snapshot> load(const Snapshot& former, std::string& signature) override;
  void onLoaded(const Snapshot& material) override;
  void onFailed(const ReloadFailure& failure) override;

  const config::Tls config_;
  const std::string target_;
  const Clock& clock_;
  Reloading<Material> reloading_;
};

}  // namespace postern::tls
