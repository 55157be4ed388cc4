#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "fakes/certificates.h"
#include "tls/server_context.h"

namespace postern::tls {

// A client of the web listener. Trusts every server certificate.
struct Visitor {
  Visitor();
  Visitor& shows(const testing::Identity& identity);
  Visitor& sends(const testing::Identity& intermediate);  // beside its own certificate
  Visitor& speaks(int min_version, int max_version);      // TLS1_2_VERSION ...
  Visitor& offers(const char* suites);                    // of TLS 1.2 and older
  Visitor& prefers(const char* groups);
  Visitor& asksFor(const std::string& protocol);  // ALPN, once for each

  std::shared_ptr<SSL_CTX> context;
  std::string protocols;
};

// The result. Without an error, the server has answered with one byte.
struct Visit {
  std::string
      error;  // as the client sees it: OpenSSL's reason, for instance "tlsv1 alert unknown ca"
  std::string refused;   // refusedClient(), as the server sees it
  std::string version;   // "TLSv1.3"
  std::string suite;     // OpenSSL's name
  std::string group;     // OpenSSL's name
  std::string protocol;  // ALPN
  std::string shown;     // common name of the server's certificate
  int certificates = 0;  // that the server sent
  bool resumable = false;
  bool resumed = false;
  std::shared_ptr<SSL_SESSION> session;
};

// Both ends in one thread, without sockets; `again` is a session to resume.
Visit visit(SSL_CTX* listener, const Visitor& visitor, SSL_SESSION* again = nullptr);

}  // namespace postern::tls
