#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/reloading.h"
#include "tls/material.h"

namespace postern::tls {

struct MaterialStoreStatus {
  std::uint64_t reloads = 0;         // successful loads after the first
  std::uint64_t failed_reloads = 0;  // failed states of the files, including the first
  bool loaded = false;               // whether a load has succeeded
  std::string error;                 // of the last load if it failed, else empty
};

// Holds the last valid material of a target, and notices when its files change.
//
// poll() compares the stat(2) data of the files (through symlinks: Kubernetes swaps ..data), and
// loads all of them again after a change. An invalid or half-written set keeps the last valid
// material, counts once and is tried again at each poll until it is valid. Thread-safe.
class MaterialStore final : ReloadSource<Material> {
 public:
  // Loads immediately, and keeps a failure for current(). `clock` must outlive the store.
  MaterialStore(config::Tls config, std::string target, const Clock& clock);

  // The last valid material, or why no load has succeeded yet (Tls).
  Result<std::shared_ptr<const Material>> current() const { return reloading_.current(); }
  // Call once a second, on one thread.
  void poll() { reloading_.poll(); }
  MaterialStoreStatus status() const;
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
