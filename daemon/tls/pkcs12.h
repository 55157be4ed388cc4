#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"
#include "tls/openssl.h"

// Parses PKCS #12 bundles (RFC 7292).
namespace postern::tls {

struct Bundle {
  KeyPtr key;
  // The key's certificate, then each issuer in the file, without a root. Only ca_file says whom to
  // trust, so other certificates of the bundle do not count.
  Chain chain;
  std::vector<std::string> warnings{};  // problems of a valid bundle that are probably mistakes
};

// `password` of `password_file`; without one it tries an empty password and none. Of several keys
// it uses the first, with a warning. Errors: Tls, with the file and what to do; never a byte of it.
Result<Bundle> parsePkcs12(std::string_view der, const config::Path& file,
                           const std::optional<Secret>& password, const config::Path& password_file,
                           SystemTime now);

}  // namespace postern::tls
