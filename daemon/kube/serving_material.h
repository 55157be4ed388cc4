#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "config/web_config.h"
#include "tls/server_context.h"

namespace postern::kube {

// What the webhook shows to the API server, renewed while it runs: connections to come take the
// newest. Until there is any, every handshake is refused. Thread-safe.
class ServingMaterial {
 public:
  struct Status {
    bool ready = false;  // there is material
    std::optional<SystemTime> not_after;
  };

  ServingMaterial();

  // Never null.
  std::shared_ptr<SSL_CTX> now() const;
  Status status() const;
  void publish(const tls::ServerContext& context);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<SSL_CTX> context_;  // guarded by mutex_, as is what follows
  Status status_;
};

// Keeps it at what a mounted Secret holds: tls.crt and tls.key of a folder. Bad or missing files
// change nothing, and are said in the log once. One thread.
class MountedPair {
 public:
  // `material` and `clock` must outlive it.
  MountedPair(const config::Path& folder, ServingMaterial& material, const Clock& clock);

  // Once a second, and at start.
  void poll();

 private:
  config::TlsServer files_;
  ServingMaterial& material_;
  const Clock& clock_;
  std::string signature_;  // of what was last tried
  std::string error_;      // of it, as it was told
};

}  // namespace postern::kube
