#pragma once

#include <string>
#include <string_view>

namespace postern::relabel {

// Converts letters by Unicode's simple mapping, like Go's strings.ToLower and strings.ToUpper (by
// libc's locale C.UTF-8). Requires UTF-8.
std::string toLower(std::string_view text);
std::string toUpper(std::string_view text);

}  // namespace postern::relabel
