#pragma once

#include <string_view>

namespace postern {

std::string_view version();   // "0.1.0"
std::string_view revision();  // of the source, or "unknown"

}  // namespace postern
