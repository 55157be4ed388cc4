#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/web_config.h"
#include "tls/material.h"

namespace postern::tls {

// The TLS context of the web listener. A connection keeps the context with which it began. A new
// one replaces it for later connections at the cost of a pointer.
struct ServerContext {
  // Never null; shared between threads. Its server connections speak HTTP/1.1 (ALPN) and never
  // renegotiate, resume or compress. They treat a close without notice as an end, allow partial
  // writes from moving buffers, and hold no buffers while idle.
  std::shared_ptr<SSL_CTX> context;
  std::optional<Validity> server;     // earliest expiry of its chain
  std::optional<Validity> client_ca;  // likewise; not set for the system's roots
  // Problems of material in use that clients may refuse; for the log.
  std::vector<std::string> warnings;
};

// Reads every file, then checks PEM, the key's password and whether the pair matches. Sorts the
// chain. Its dates and a wrong order are only warnings. Errors: Tls, with the file and what to do.
// `key_password_file` may be empty.
Result<ServerContext> loadServerContext(const config::TlsServer& config,
                                        const config::Path& key_password_file, SystemTime now);

// A context without a certificate, so that every handshake fails: for a listener whose material
// does not exist yet.
std::shared_ptr<SSL_CTX> makeClosedContext();

// The files that loadServerContext() reads for these two; see signatureOf().
config::Tls filesOf(const config::TlsServer& config, const config::Path& key_password_file);

// Why the client's certificate was refused in the failed handshake of `ssl`, for the log; empty for
// any other failure.
std::string refusedClient(SSL* ssl);

}  // namespace postern::tls
