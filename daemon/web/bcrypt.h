#pragma once

#include <string_view>

namespace postern::web {

// Whether `password` has this bcrypt hash: 60 characters, $2a$, $2b$ or $2y$, checked by config.
// Like Go's library, it computes the three forms alike and uses the first 72 bytes of the password.
// A password with a NUL byte never matches. Takes 60 ms at cost 10, and doubles with each
// increment; needs 32 KiB meanwhile. Thread-safe.
bool matchesBcrypt(std::string_view password, std::string_view hash);

}  // namespace postern::web
