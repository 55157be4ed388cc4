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
  // The key's certificate, then its issuers. Without roots, because peers have their own. An issuer
  // that several CAs have signed appears once for each.
  Chain certificates;
  // Problems of the file. Each names the file and what to do.
  std::vector<std::string> warnings;
};

// File names for messages.
struct OwnFiles {
  const config::Path& cert_file;
  const config::Path& key_file;
  std::string_view whose;  // "client" or "server"
};

// Makes the chain for handshakes from `certificates`, which are in the order of the file, at least
// one. A wrong order, duplicates and unrelated certificates are warnings. Of several copies it
// takes the valid one. Errors: Tls, when the key belongs to no certificate, or to an issuer.
Result<OwnChain> ownChain(Chain certificates, EVP_PKEY& key, const OwnFiles& files, SystemTime now);

}  // namespace postern::tls
