#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "tls/material.h"
#include "upstream/exchange.h"
#include "upstream/resolver.h"

namespace postern::doctor {

// A listener of postern's own, asked on this machine: `address` is as --web.listen-address writes
// it, and an address for all is asked on loopback. Speaks plain HTTP, or TLS where that is what the
// listener wants; its certificate is not verified, for it is ours. Not thread-safe.
class Front {
 public:
  // `resolver` must outlive it.
  Front(std::string address, upstream::Resolver& resolver);

  const std::string& address() const { return address_; }

  // GET of a path. The body goes to `on_body`, but for that of a 400. Errors: those of Exchange;
  // Tls also when the listener wants a client certificate.
  Result<upstream::Response> get(const std::string& path, Deadline deadline,
                                 const upstream::OnBody& on_body);
  // Whether somebody listens there: known after get().
  bool reached() const { return reached_; }

 private:
  enum class Way { Unknown, Plain, Tls };

  Result<std::vector<upstream::Address>> addresses(Deadline deadline);
  Result<upstream::Response> getPlain(const std::string& request, Deadline deadline,
                                      const upstream::OnBody& on_body);
  Result<upstream::Response> getByTls(const std::string& request, Deadline deadline,
                                      const upstream::OnBody& on_body);

  const std::string address_;
  std::string host_;  // to ask; empty: loopback of both kinds
  std::uint16_t port_ = 0;
  upstream::Resolver& resolver_;
  Way way_ = Way::Unknown;
  bool reached_ = false;
  std::shared_ptr<const tls::Material> material_;  // null until it is needed
};

}  // namespace postern::doctor
