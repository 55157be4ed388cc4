#pragma once

#include <openssl/ssl.h>

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"
#include "tls/material.h"
#include "tls/pkcs12.h"

// Parts of the TLS contexts of both ends. Errors: Tls, with the file and what to do.
namespace postern::tls {

// TLS1_2_VERSION and so on.
int protocolOf(config::TlsVersion version);

// A certificate with its key and its issuers as PEM, in any order. The names of the files are only
// for messages, like `whose`: "client" or "server".
struct PairText {
  const Secret& cert;
  const Secret& key;
  const std::optional<Secret>& password;
  const config::Path& cert_file;
  const config::Path& key_file;
  const config::Path& password_file;
  std::string_view whose;
};
Result<Bundle> parsePair(const PairText& text, SystemTime now);
// Makes handshakes of `context` send the chain of `bundle`, and nothing else.
Result<void> show(const Bundle& bundle, const config::Path& file, SSL_CTX* context);

// Trusts each of the authorities, also intermediates and leaves.
Result<void> trust(const Chain& authorities, const config::Path& file, SSL_CTX* context);
// Trusts the system's roots. `instead` is what the operator can set otherwise.
Result<void> trustSystem(std::string_view instead, SSL_CTX* context);

}  // namespace postern::tls
