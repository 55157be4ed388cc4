#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"
#include "tls/openssl.h"

// Parses PEM files (RFC 7468). `file` is only for messages. Errors: Tls, with the file, its actual
// content and what to do; never a byte of it.
namespace postern::tls {

// All certificates of the file, at least one.
Result<Chain> parseCertificates(std::string_view pem, const config::Path& file);
// All CRLs of the file, at least one.
Result<std::vector<CrlPtr>> parseCrls(std::string_view pem, const config::Path& file);
// The first private key. An encrypted one (PKCS #8, or OpenSSL's traditional format) needs the
// `password` of `password_file`. The password of an unencrypted key is ignored.
Result<KeyPtr> parseKey(std::string_view pem, const config::Path& file,
                        const std::optional<Secret>& password, const config::Path& password_file);

}  // namespace postern::tls
