#pragma once

#include <optional>
#include <string_view>

#include "exposition/detect.h"

namespace postern::exposition {

// Which JSON format a page has that begins like this; none when it does not begin with a JSON
// object. `{"my.metric"} 1` is none: no colon follows the name. A top key health, stats or
// applicationName tells, or the fields that the members of `metrics` have; WhatsappJson when none
// of them is seen. Time is linear in the length of `begin`.
std::optional<Format> jsonFormat(std::string_view begin);

}  // namespace postern::exposition
