#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/date.h"

// JSON as all of our answers have it.
namespace postern::serve {

using Json = nlohmann::ordered_json;

// With blanks for people, and a line end; bytes that are no UTF-8 become U+FFFD.
std::string write(const Json& json);

}  // namespace postern::serve
