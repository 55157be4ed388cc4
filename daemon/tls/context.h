#pragma once

#include <openssl/ssl.h>

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"
#include "tls/material.h"
#include "tls/pkcs12.h"

// What the contexts of both ends are made of. Errors: Tls, naming the file and what to do.
namespace postern::tls {

// TLS1_2_VERSION and so on.
int protocolOf(config::TlsVersion version);

// A certificate with its key and its issuers, as PEM; the names of the files are only for messages,
// as is `whose`: "client" or "server". The key is that of the first certificate.
struct PairText {
  const Secret& cert;
  const Secret& key;
  const std::optional<Secret>& password;
  const config::Path& cert_file;
  const config::Path& key_file;
  const config::Path& password_file;
  std::string_view whose;
};
Result<Bundle> parsePair(const PairText& text);
// Each certificate after the first has issued the one before it (RFC 5246 section 7.4.2).
Result<void> checkOrder(const Chain& chain, const config::Path& file, std::string_view whose);
// Shows the chain of `bundle`, and no more, in the handshakes of `context`.
Result<void> show(const Bundle& bundle, const config::Path& file, SSL_CTX* context);

// Trusts each of the authorities, intermediate ones and leaves too.
Result<void> trust(const Chain& authorities, const config::Path& file, SSL_CTX* context);
// Trusts the system's roots; `instead` is what the operator can set.
Result<void> trustSystem(std::string_view instead, SSL_CTX* context);

}  // namespace postern::tls
