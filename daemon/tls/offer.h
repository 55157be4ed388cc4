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
  std::optional<Summary> certificate;  // none: it was refused, or there was none
  std::string anchor;                  // where its chain ends; empty: the chain was not checked
  bool asks_for_client = false;  // for a client certificate, as far as can be told from our side
  std::vector<std::string> client_authorities;  // that it takes client certificates of, ten at most
  std::size_t more_authorities = 0;
};

Offer offerOf(SSL* ssl);

}  // namespace postern::tls
