#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/date.h"

// JSON as all answers of postern use it.
namespace postern::web {

using OrderedJson = nlohmann::ordered_json;

// Indented, with a line end. Invalid UTF-8 becomes U+FFFD.
std::string write(const OrderedJson& json);

}  // namespace postern::web
