#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/scope.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "check/network.h"
#include "tls/material.h"
#include "upstream/http_client.h"
#include "upstream/resolver.h"

namespace postern::check {

// Client of a listener of postern on this machine. `address` has the form of --web.listen-address;
// for a wildcard address it uses loopback. Speaks plain HTTP, or TLS if the listener requires it.
// Does not verify the listener's certificate, because it is postern's own. Not thread-safe.
class DaemonClient {
 public:
  // Takes a block of a body, which lives until the call returns. An error ends the request.
  using OnBody = std::function<Result<void>(std::string_view block)>;

  // `network` must outlive the object.
  DaemonClient(std::string address, Network& network);

  const std::string& address() const { return address_; }

  // GET of a path. Passes the body to `on_body`, except that of a 400. Blocks until `deadline` at
  // most. Errors: those of HttpClient and of `on_body`; Tls also when the listener requires a
  // client certificate.
  Result<upstream::Response> get(const std::string& path, SteadyTime deadline,
                                 const OnBody& on_body);
  // Whether somebody listens there. Known after get().
  bool reached() const { return reached_; }

 private:
  enum class ListenerProtocol { Unknown, Plain, Tls };

  async::Task<Result<std::vector<upstream::ResolvedAddress>>> addresses(async::Scope& scope);
  async::Task<Result<upstream::Response>> send(const std::string& request, const OnBody& on_body,
                                               async::Scope& scope);
  async::Task<Result<upstream::Response>> sendPlain(const std::string& request,
                                                    const OnBody& on_body, async::Scope& scope);
  async::Task<Result<upstream::Response>> sendByTls(const std::string& request,
                                                    const OnBody& on_body, async::Scope& scope);

  const std::string address_;
  std::string host_;  // host to connect to; empty: loopback of both families
  std::uint16_t port_ = 0;
  Network& network_;
  ListenerProtocol protocol_ = ListenerProtocol::Unknown;
  bool reached_ = false;
  std::shared_ptr<const tls::Material> material_;  // null until it is needed
};

}  // namespace postern::check
