#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"

namespace postern::tls {

// The bytes of the configured files. Not set for a file that is not configured, or that is missing
// and optional.
struct TlsFiles {
  std::optional<Secret> ca, crl, cert, key, pkcs12;
  std::optional<Secret> password;  // without a line end
};

// The stat(2) data of the files that `config` names, through symlinks. Two equal signatures mean
// that nothing was written or swapped in between.
std::string signatureOf(const config::Tls& config);
std::string signatureOf(const config::Path& file);

// Reads all files of one generation: if one changes meanwhile, it reads all of them again. Errors:
// Tls, with the file and what to do; also for a certificate without its key or a key without its
// certificate if both are configured, and for a password that is empty or too long.
Result<TlsFiles> readWhole(const config::Tls& config);

// Where OpenSSL looks for the system's roots: a file and folders.
std::vector<config::Path> systemRoots();

}  // namespace postern::tls
