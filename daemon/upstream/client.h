#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/bounded_runner.h"
#include "async/loop.h"
#include "base/mutex.h"
#include "config/target.h"
#include "tls/material_store.h"
#include "upstream/connection.h"
#include "upstream/connection_exchange.h"
#include "upstream/connection_pool.h"
#include "upstream/http_client.h"
#include "upstream/resolver.h"

namespace postern::upstream {

// HTTP/1.1 over TLS to one target, with persistent connections.
//
// If a kept connection turns out to be closed, one new connection replaces it before the request
// counts as failed. Connections with earlier material are closed when idle. New ones resume the
// last TLS session. Requests other than GET and HEAD use a fresh connection like `once`, because
// they must not be sent twice (RFC 9110 section 9.2.2). Ignores SIGPIPE in the whole process. Runs
// on its loop, where it is also destroyed, after its exchanges and tasks. connections() and
// serverCertificate() are thread-safe.
class Client final : public HttpClient {
 public:
  // `material`, `resolver`, `loop` and `runner` must outlive the client. `runner` computes the
  // handshakes.
  Client(config::Url url, const tls::MaterialStore& material, Resolver& resolver, async::Loop& loop,
         async::JobRunner& runner);
  ~Client() override;

  async::Task<Started> send(const Request& request, async::Scope& scope) override;

  std::size_t connections() const;                        // open connections, idle or in use
  std::optional<tls::Summary> serverCertificate() const;  // of the last handshake

 private:
  using MaterialPtr = std::shared_ptr<const tls::Material>;
  using ExchangeResult = Result<std::unique_ptr<ConnectionExchange>>;
  using Opened = Result<std::unique_ptr<Connection>>;

  async::Task<ExchangeResult> fetch(const Request& request, std::string target,
                                    bool follows_redirect, async::Scope& scope);
  async::Task<ExchangeResult> start(std::unique_ptr<Connection> connection,
                                    const ConnectionExchange::PendingRequest& pending,
                                    std::string_view bytes, bool& stale, async::Scope& scope);
  async::Task<Opened> open(MaterialPtr material, async::Scope& scope);

  const config::Url url_;
  const tls::MaterialStore& material_;
  Resolver& resolver_;
  async::BoundedRunner handshakes_;
  std::atomic<std::size_t> open_{0};  // number of connections
  ConnectionPool pool_;
  mutable Mutex mutex_;
  std::optional<tls::Summary> server_certificate_ GUARDED_BY(mutex_);
};

}  // namespace postern::upstream
