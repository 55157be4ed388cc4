#pragma once

#include <string>
#include <string_view>

#include "exposition/output.h"

namespace postern::exposition {

// Appends a metric's or a label's name with `escaping` (Prometheus' docs, escaping_schemes, and in
// detail prometheus/common's model.EscapeName). `name` is UTF-8 without quotes and escapes. With
// AllowUtf8 the name is unchanged except for the escapes within the quotes that the caller writes.
// An empty name stays empty.
//
// For names that need quotes: Dots doubles each underscore of any name, and the library leaves
// names without that need unchanged.
void appendMetricName(std::string& out, std::string_view name, Escaping escaping);
// Like for metrics, but a colon is invalid: Prometheus' text parser accepts none in a label's name,
// while the library keeps it.
void appendLabelName(std::string& out, std::string_view name, Escaping escaping);

}  // namespace postern::exposition
