#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "config/web_config.h"

namespace postern::tls {

// Makes every handshake of the server's `context` ask for a client's certificate and judge it as
// `config` says. A certificate that is verified has to be one for clients (extended key usage).
// False only when memory is out.
bool checkClients(const config::TlsServer& config, SSL_CTX* context);

// Every name that client_allowed_sans is compared with: DNS names, e-mail addresses and URIs as
// they stand in the certificate, and addresses as Go writes them.
std::vector<std::string> allNamesOf(const X509& certificate);

}  // namespace postern::tls
