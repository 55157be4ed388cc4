#pragma once

#include <string>
#include <string_view>

namespace postern::exposition {

// Letters by Unicode's simple mapping, as Go's strings.ToLower and strings.ToUpper have them (by
// libc's locale C.UTF-8). Requires UTF-8.
std::string toLower(std::string_view text);
std::string toUpper(std::string_view text);

}  // namespace postern::exposition
