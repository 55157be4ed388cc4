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

// PKCS #12 bundles (RFC 7292) as objects.
namespace postern::tls {

struct Bundle {
  KeyPtr key;
  // The key's certificate, then each issuer that the file holds, without a root: whom to trust is
  // said by ca_file alone, so what else a PKCS #12 bundle holds does not count.
  Chain chain;
  std::vector<std::string> warnings{};  // what is valid, and can hardly be meant
};

// `password` of `password_file`; without one the bundle is tried with an empty password and with
// none. The first of several keys is used, with a warning. Errors: Tls, naming the file and what to
// do; never a byte of it.
Result<Bundle> parsePkcs12(std::string_view der, const config::Path& file,
                           const std::optional<Secret>& password, const config::Path& password_file,
                           SystemTime now);

}  // namespace postern::tls
