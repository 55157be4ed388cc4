#pragma once

#include <string_view>

namespace postern::serve {

// Whether `password` has this bcrypt hash (60 characters, $2a$, $2b$ or $2y$, as config has checked
// it). As Go's library: the three forms are computed as one, and 72 bytes of the password count.
// A password with a NUL byte matches nothing. Takes 60 ms at cost 10, twice that with each further
// one, and 32 KiB meanwhile. Thread-safe.
bool matchesBcrypt(std::string_view password, std::string_view hash);

}  // namespace postern::serve
