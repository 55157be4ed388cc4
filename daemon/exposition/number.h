#pragma once

#include <string_view>

namespace postern::exposition {

// Whether Prometheus' text parser reads `text` as the value of a sample: what Go's
// strconv.ParseFloat accepts for 64 bits, except forms with p, P or _ (model/textparse,
// parseFloat). So NaN without a sign, and Inf and Infinity in any case. A number too large for a
// double is refused; one too small is not.
bool isValue(std::string_view text);

// Whether `text` is one or more digits that fit into a signed 64-bit number.
bool isTimestamp(std::string_view text);

}  // namespace postern::exposition
