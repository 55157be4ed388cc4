#pragma once

#include <openssl/x509.h>

#include <string>

#include "tls/verify.h"

namespace postern::tls {

// The words for an X509_V_* error: which check failed, and how to mend it. `store` is as the
// failed verification left it; `name` is what the server had to prove.
std::string describeRefusal(int error, X509_STORE_CTX* store, const Policy& policy,
                            const std::string& name);

}  // namespace postern::tls
