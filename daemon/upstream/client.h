#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/target.h"
#include "tls/store.h"
#include "upstream/connection.h"
#include "upstream/exchange.h"
#include "upstream/resolver.h"
#include "upstream/transfer.h"

namespace postern::upstream {

// HTTP/1.1 over TLS to one target, with connections that are kept alive.
//
// A connection that was idle and turns out closed is replaced once by a new one before
// anything counts as failed. Connections made with earlier material are closed when they
// come back. New ones resume the last TLS session. What is not GET or HEAD takes a fresh
// connection like `once`, because it must not be sent twice (RFC 9110 section 9.2.2).
// Ignores SIGPIPE in the whole process. Thread-safe.
class Client final : public Exchange {
 public:
  // `material` and `resolver` must outlive the client.
  Client(config::Url url, const tls::Store& material, Resolver& resolver);
  ~Client() override;

  Result<Response> exchange(const Request& request, Deadline deadline, const OnHead& on_head,
                            const OnBody& on_body) override;

  std::size_t connections() const;                        // open ones, idle or in use
  std::optional<tls::Summary> serverCertificate() const;  // of the last handshake

 private:
  using MaterialPtr = std::shared_ptr<const tls::Material>;
  struct Reply {
    Response response;
    std::string redirect;  // where to go on, or empty
  };

  Result<Reply> fetch(const Transfer::Order& order);
  Result<Reply> run(std::unique_ptr<Connection> connection, std::string_view bytes,
                    const Transfer::Order& order, bool& stale);
  Result<std::unique_ptr<Connection>> open(const MaterialPtr& material, Deadline deadline);
  std::unique_ptr<Connection> takeIdle(const MaterialPtr& material);
  Reply settle(std::unique_ptr<Connection> connection, const Transfer& transfer, Response response);
  SessionPtr sessionFor(const MaterialPtr& material) const;

  const config::Url url_;
  const std::string authority_;
  const tls::Store& material_;
  Resolver& resolver_;
  std::atomic<std::size_t> open_ = 0;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_, as is what follows
  SessionPtr session_;                             // the last that a server offered
  MaterialPtr session_material_;                   // what it was made with
  std::optional<tls::Summary> server_certificate_;
};

}  // namespace postern::upstream
