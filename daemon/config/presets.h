#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/target.h"

namespace postern::config {

// The default timeout of a page that is not required.
constexpr milliseconds kOptionalPageTimeout = seconds(2);

// A preset is a set of defaults. Nothing if the name is unknown.
std::optional<Target> makePreset(std::string_view name);
// "is unknown, expected none, spinnaker or whatsapp"
std::string unknownPreset();

}  // namespace postern::config
