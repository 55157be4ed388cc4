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

// What our own door shows and asks for. A connection keeps the context that it began with, so a new
// one takes its place for the next connection, at the cost of a pointer.
struct ServerContext {
  // Never null; shared between threads. Servers' connections of it speak HTTP/1.1 (ALPN), never
  // renegotiate, resume or compress, take a close without notice for an end, allow partial writes
  // from moving buffers and hold no buffers while idle.
  std::shared_ptr<SSL_CTX> context;
  std::optional<Validity> server;     // of its chain, the earliest expiry
  std::optional<Validity> client_ca;  // likewise; none for the system's roots
  // What is used all the same, and clients may not like; for the log.
  std::vector<std::string> warnings;
};

// Reads every file, then checks: PEM, the key's password, pair match. The chain is sorted.
// Its dates and what is wrong with its order are warnings only. Errors: Tls, naming the file and
// what to do. `key_password_file` may be empty.
Result<ServerContext> loadServerContext(const config::TlsServer& config,
                                        const config::Path& key_password_file, SystemTime now);

// Has no certificate, so that every handshake fails: for a door whose material has not been there
// yet.
std::shared_ptr<SSL_CTX> makeClosedContext();

// The files that the two read; see signatureOf().
config::Tls filesOf(const config::TlsServer& config, const config::Path& key_password_file);

// Why the client's certificate was refused in the failed handshake of `ssl`, for the log; empty
// when something else was wrong.
std::string refusedClient(SSL* ssl);

}  // namespace postern::tls
