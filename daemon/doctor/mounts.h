#pragma once

#include <string>

#include "config/target.h"

namespace postern::doctor {

// Where a file that is missing should be: "the folder /tls is there (mount /tls, tmpfs) and holds
// ca.crt, tls.crt", or the nearest folder above it that there is.
std::string whereMissing(const config::Path& file);

}  // namespace postern::doctor
