#pragma once

#include <string_view>

#include "base/result.h"
#include "exposition/families.h"

namespace postern::presets::whatsapp {

// The JSON of /metrics and /v1/stats/*: single and multiconnect, whose whole key
// "<host>:<container>" becomes the label `node` unless the sample has one; histogram samples
// {bucket,sum,count}; labels absent or `[]`. Numbers are copied as text. A string counts when
// Prometheus reads it as a value. A metric or label name that needs quotes is refused. A type that
// text does not have becomes untyped. Errors: Format (with the place), Empty.
Result<exposition::Families> parseStatistics(std::string_view json);

}  // namespace postern::presets::whatsapp
