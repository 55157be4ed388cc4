#pragma once

#include <openssl/evp.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/target.h"
#include "tls/openssl.h"

namespace postern::tls {

struct OwnChain {
  // The key's certificate, then its issuers. Roots are left out, because peers have their own. An
  // issuer that several CAs have signed is in it once for each.
  Chain certificates;
  // What is in the file and not as it should be: each names the file and what to do.
  std::vector<std::string> warnings;
};

// For messages.
struct OwnFiles {
  const config::Path& cert_file;
  const config::Path& key_file;
  std::string_view whose;  // "client" or "server"
};

// The chain that is sent in handshakes, out of `certificates` in the order of the file, at least
// one. Order, duplicates and what does not belong to the chain are warnings. Of copies the valid
// one is taken. Errors: Tls, when the key is not that of a certificate, or that of an issuer.
Result<OwnChain> ownChain(Chain certificates, EVP_PKEY& key, const OwnFiles& files, SystemTime now);

}  // namespace postern::tls
