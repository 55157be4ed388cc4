#pragma once

#include <string_view>

#include "base/secret.h"

// application/x-www-form-urlencoded.
namespace postern::session {

inline constexpr const char* kFormType = "application/x-www-form-urlencoded";

// A space becomes +. What RFC 3986 section 2.3 calls unreserved stays as it is: so a client's
// secret that is compared without being decoded first still matches, as it does when Go encodes it.
void appendFormEscaped(std::string_view text, Secret& out);
// "name=value", behind a & when `form` holds a field already.
void appendField(std::string_view name, std::string_view value, Secret& form);

}  // namespace postern::session
