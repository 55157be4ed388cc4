#pragma once

#include <string_view>

#include "base/result.h"
#include "config/target.h"
#include "tls/openssl.h"

// PEM files (RFC 7468) as objects. `file` is only for messages. Errors: Tls, naming the file,
// what it holds instead and what to do; never a byte of it.
namespace postern::tls {

// All certificates of the file, at least one.
Result<Chain> parseCertificates(std::string_view pem, const config::Path& file);
// The first private key; an encrypted one is an error.
Result<KeyPtr> parseKey(std::string_view pem, const config::Path& file);

}  // namespace postern::tls
