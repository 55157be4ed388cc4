#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tls/material.h"
#include "tls/terms.h"

namespace postern::tls {

// What a server said in a handshake, as far as that went; for people: printable and short.
struct Offer {
  Terms terms;
  std::optional<Summary> certificate;  // none: it was refused, or none was shown
  std::string anchor;                  // where its chain ends; empty: the chain was not checked
  bool asks_for_client = false;        // for a client certificate, which it may not require
  std::vector<std::string> client_authorities;  // that it takes client certificates of, ten at most
  std::size_t more_authorities = 0;
};

// `asked`: whether a CertificateRequest has come, which OpenSSL tells to a message callback alone.
Offer offerOf(SSL* ssl, bool asked);

}  // namespace postern::tls
