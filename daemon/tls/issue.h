#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "tls/material.h"

// Self-issued certificates for a listener of postern. Errors: Tls.
namespace postern::tls {

// A server's certificate and the authority that signed it. The authority signs nothing else:
// issue() destroys its key.
struct Issued {
  std::string authority;    // PEM
  std::string certificate;  // PEM
  Secret key;               // PEM, PKCS #8; EC P-256
};

// `names` are DNS names, at least one.
Result<Issued> issue(const std::vector<std::string>& names, const Validity& validity);

// The validity of a server's certificate. Requires that the three belong together, and that a
// client that trusts only `authorities` accepts the server `name` at `now`. Messages call the three
// tls.crt, tls.key and ca.crt.
Result<Validity> vouchedFor(const Issued& issued, const std::string& name, SystemTime now);

// The certificates of `pem` that have not expired, without duplicates, in their order, at most
// `most`. Empty when `pem` contains none, or is not PEM.
std::string unexpired(std::string_view pem, SystemTime now, std::size_t most);

}  // namespace postern::tls
