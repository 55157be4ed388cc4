#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/target.h"

namespace postern::config {

// What a page that is not required may take, unless it says otherwise.
constexpr milliseconds kOptionalPageTimeout = seconds(2);

// A preset is a set of defaults. Nothing when there is none of this name.
std::optional<Target> makePreset(std::string_view name);
// "is unknown, expected none, spinnaker or whatsapp"
std::string unknownPreset();

}  // namespace postern::config
