#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "tls/material.h"

// Certificates for a door of ours that nobody else issues one for. Errors: Tls.
namespace postern::tls {

// A server's certificate and the authority that vouches for it, and for nothing else: the key of
// the authority is gone when issue() returns.
struct Issued {
  std::string authority;    // PEM
  std::string certificate;  // PEM
  Secret key;               // PEM, PKCS #8; EC P-256
};

// `names` are DNS names, at least one.
Result<Issued> issue(const std::vector<std::string>& names, const Validity& validity);

// The validity of a server's certificate, when the three belong together and a client that trusts
// `authorities` and nothing else takes it at `now` from a server called `name`. Messages call the
// three tls.crt, tls.key and ca.crt.
Result<Validity> vouchedFor(const Issued& issued, const std::string& name, SystemTime now);

// Those certificates of `pem` that have not expired, each once, in their order, at most `most`.
// Empty when `pem` holds none, or is no PEM.
std::string unexpired(std::string_view pem, SystemTime now, std::size_t most);

}  // namespace postern::tls
