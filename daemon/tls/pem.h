#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"
#include "tls/openssl.h"

// PEM files (RFC 7468) as objects. `file` is only for messages. Errors: Tls, naming the file,
// what it holds instead and what to do; never a byte of it.
namespace postern::tls {

// All certificates of the file, at least one.
Result<Chain> parseCertificates(std::string_view pem, const config::Path& file);
// All CRLs of the file, at least one.
Result<std::vector<CrlPtr>> parseCrls(std::string_view pem, const config::Path& file);
// The first private key. An encrypted one (PKCS #8, or as OpenSSL once wrote them) needs the
// `password` of `password_file`; for one that is not it does not count.
Result<KeyPtr> parseKey(std::string_view pem, const config::Path& file,
                        const std::optional<Secret>& password, const config::Path& password_file);

}  // namespace postern::tls
