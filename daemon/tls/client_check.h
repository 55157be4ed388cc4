#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "config/web_config.h"

namespace postern::tls {

// Makes every handshake of the server's `context` request a client certificate and check it by
// `config`. A verified certificate must be one for clients (extended key usage). False only when
// out of memory.
bool checkClients(const config::TlsServer& config, SSL_CTX* context);

// Every name that client_allowed_sans is compared with: DNS names, e-mail addresses and URIs as in
// the certificate, and addresses in Go's form.
std::vector<std::string> allNamesOf(const X509& certificate);

}  // namespace postern::tls
