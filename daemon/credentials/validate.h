#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "credentials/source.h"

namespace postern::credentials {

// The field that a credential lacks: "username" or "password", or "" when it has a username with
// its password, an api_key or a token.
std::string_view missingField(const Credential& credential);

// Why a value cannot be sent, with the field and never the value: a line end or NUL in any (headers
// end there, and RFC 7617 section 2 forbids control characters), another control character in the
// username, and a colon there (RFC 7617 section 2) unless it is allowed. Not set when all values
// are valid.
std::optional<std::string> forbiddenBytes(const Credential& credential, bool colon_allowed = false);

}  // namespace postern::credentials
