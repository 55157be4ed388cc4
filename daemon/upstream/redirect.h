#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/target.h"

namespace postern::upstream {

// The target (path and query) of a redirect from `current` (path and query) to `location` (RFC 9110
// section 10.2.2), if it has the scheme, host and port of `url`; else not set.
std::optional<std::string> redirectTarget(const config::Url& url, std::string_view current,
                                          std::string_view location);

}  // namespace postern::upstream
