#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "config/target.h"
#include "tls/store.h"
#include "upstream/exchange.h"
#include "upstream/resolver.h"

namespace postern::upstream {

class Connection;

// HTTP/1.1 over TLS to one target, with connections that are kept alive.
//
// A connection that was idle and turns out closed is replaced once by a new one before
// anything counts as failed. Connections made with earlier material are closed when they
// come back. New ones resume the last TLS session. Thread-safe.
class Client final : public Exchange {
 public:
  // `material` and `resolver` must outlive the client.
  Client(config::Url url, const tls::Store& material, Resolver& resolver);
  ~Client() override;

  Result<Response> exchange(const Request& request, Deadline deadline, const OnHead& on_head,
                            const OnBody& on_body) override;

  std::size_t connections() const;                      // open ones, idle or in use
  std::optional<tls::Validity> serverValidity() const;  // of the last handshake

 private:
  struct Reply;

  const config::Url url_;
  const tls::Store& material_;
  Resolver& resolver_;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_, as is what follows
};

}  // namespace postern::upstream
