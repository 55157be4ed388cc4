#pragma once

#include <openssl/x509.h>

#include <string>

#include "tls/verify.h"

namespace postern::tls {

// Parts of messages about a chain: the place of the trusted certificates, how to add one, and the
// peer that sent the chain.
struct ChainText {
  std::string place;   // "/tls/ca.crt"
  std::string remedy;  // "put it into /tls/ca.crt"
  std::string peer;    // "server" or "client"
};

// The text for an X509_V_* error about dates and issuers, with the certificate at fault and its
// origin; empty for any other error. `store` must be as the failed verification left it.
std::string describeChain(int error, X509_STORE_CTX* store, const ChainText& text);

// The text for an X509_V_* error: which check failed, and how to fix it. `store` must be as the
// failed verification left it. `name` is what the server had to prove.
std::string describeVerifyError(int error, X509_STORE_CTX* store, const VerifyPolicy& policy,
                                const std::string& name);

}  // namespace postern::tls
