#pragma once

#include <string_view>

#include "base/secret.h"

// application/x-www-form-urlencoded.
namespace postern::session {

inline constexpr const char* kFormType = "application/x-www-form-urlencoded";

// A space becomes +. Unreserved characters of RFC 3986 section 2.3 stay as they are, like in Go. So
// a client secret still matches at servers that compare it without decoding.
void appendFormEscaped(std::string_view text, Secret& out);
// Appends "name=value", after a & if `form` already has a field.
void appendField(std::string_view name, std::string_view value, Secret& form);

}  // namespace postern::session
