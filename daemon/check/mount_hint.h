#pragma once

#include <string>

#include "config/target.h"

namespace postern::check {

// The place where a missing file should be: "the folder /tls (mount /tls, tmpfs) exists and
// contains ca.crt, tls.crt", or the nearest existing folder above it.
std::string whereMissing(const config::Path& file);

}  // namespace postern::check
