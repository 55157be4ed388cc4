#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"

namespace postern::tls {

// The bytes of the configured files; none for one that is not configured, or that is
// missing where that is allowed.
struct Files {
  std::optional<Secret> ca, cert, key;
};

// What stat(2) says of the files that `config` names, through symlinks. Two equal
// signatures mean that nothing was written or swapped in between.
std::string signatureOf(const config::Tls& config);

// Reads all files of one generation: when one moves meanwhile, all are read again. Errors: Tls,
// naming the file and what to do; also for a certificate without a key and the reverse.
Result<Files> readWhole(const config::Tls& config);

}  // namespace postern::tls
