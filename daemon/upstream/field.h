#pragma once

#include <string>
#include <string_view>

namespace postern::upstream {

// ASCII letters only.
std::string lowered(std::string_view text);

}  // namespace postern::upstream
