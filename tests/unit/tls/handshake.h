#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fakes/certificates.h"
#include "tls/material.h"
#include "tls/negotiated.h"

namespace postern::tls {

// The peer of a handshake.
struct Server {
  Server();  // of files: shows()
  explicit Server(const testing::Identity& identity);
  Server& shows(const std::filesystem::path& certificate, const std::filesystem::path& key);
  Server& sends(const testing::Identity& intermediate);  // beside its own certificate
  Server& requiresClientsOf(const testing::Identity& authority);
  Server& requiresClientsOf(const std::filesystem::path& authority);
  Server& speaks(int min_version, int max_version);  // TLS1_2_VERSION ...

  Server& hangsUp();  // after the handshake, without a close_notify

  std::shared_ptr<SSL_CTX> context;
  bool greets = true;
};

// The result of a handshake and of the first byte from the server.
struct Outcome {
  std::optional<Error> error;  // as explain() says it
  std::optional<Summary> server;
  std::string sni;  // as the server saw it
  Negotiated negotiated;
};

// Both ends in one thread, over a pair of non-blocking sockets.
Outcome shakeHands(const Material& material, const Server& server, const std::string& host);
// With a peer that sends `bytes`, whatever it receives, and closes.
Outcome shakeHandsWithBytes(const Material& material, std::string_view bytes,
                            const std::string& host);

}  // namespace postern::tls
