#pragma once

#include <string>
#include <string_view>

#include "exposition/output.h"

namespace postern::exposition {

// Appends a metric's or a label's name as `escaping` writes it (Prometheus' docs,
// escaping_schemes, and in detail prometheus/common's model.EscapeName). `name` is UTF-8 and has no
// quotes and no escapes left in it. With AllowUtf8 it is appended as it is, escaped for the quotes
// that the caller writes. An empty name stays empty.
//
// Meant for names that need quotes: Dots doubles each underscore of any name, and the library
// lets names that need none alone.
void appendMetricName(std::string& out, std::string_view name, Escaping escaping);
// As for metrics, but a colon counts as illegal: Prometheus' text parser takes none in a label's
// name, while the library leaves it there.
void appendLabelName(std::string& out, std::string_view name, Escaping escaping);

}  // namespace postern::exposition
