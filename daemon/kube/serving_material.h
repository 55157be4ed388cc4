#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/reloading.h"
#include "config/web_config.h"
#include "tls/server_context.h"

namespace postern::kube {

// The certificate of the webhook's listener, replaced while it runs: new connections use the
// newest. Until the first one is published, every handshake is refused. Thread-safe.
class ServingMaterial {
 public:
  struct MaterialStatus {
    bool ready = false;  // a certificate is published
    std::optional<SystemTime> not_after;
  };

  ServingMaterial();

  // Never null.
  std::shared_ptr<SSL_CTX> now() const;
  MaterialStatus status() const;
  void publish(const tls::ServerContext& context);

 private:
  mutable Mutex mutex_;
  std::shared_ptr<SSL_CTX> context_ GUARDED_BY(mutex_);
  MaterialStatus status_ GUARDED_BY(mutex_);
};

// Reloads it from a mounted Secret: tls.crt and tls.key of a folder. Invalid or missing files
// change nothing, and are logged once. One thread.
class MountedPair final : ReloadSource<tls::ServerContext> {
 public:
  // `material` and `clock` must outlive it.
  MountedPair(const config::Path& folder, ServingMaterial& material, const Clock& clock);

  // Called once a second, and at start.
  void poll() { reloading_.poll(); }

 private:
  std::string signature() override;
  Result<Snapshot> load(const Snapshot& former, std::string& signature) override;
  void onLoaded(const Snapshot& context) override;
  void onFailed(const ReloadFailure& failure) override;

  config::TlsServer files_;
  ServingMaterial& material_;
  const Clock& clock_;
  Reloading<tls::ServerContext> reloading_;
};

}  // namespace postern::kube
