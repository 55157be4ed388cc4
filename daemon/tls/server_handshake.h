#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tls/material.h"
#include "tls/negotiated.h"

namespace postern::tls {

// The content of a server's handshake, as far as it went. For people: printable and short.
struct ServerHandshake {
  Negotiated negotiated;
  std::optional<Summary> certificate;  // not set: it was refused, or the server showed none
  std::string anchor;                  // the end of its chain; empty: the chain was not checked
  bool asks_for_client = false;        // requests a client certificate, perhaps without requiring
                                       // it
  std::vector<std::string> client_authorities;  // the authorities whose client certificates it
                                                // accepts, ten at most
  std::size_t more_authorities = 0;
};

// `asked`: whether a CertificateRequest has arrived. OpenSSL reports it only to a message callback.
ServerHandshake serverHandshakeOf(SSL* ssl, bool asked);

}  // namespace postern::tls
