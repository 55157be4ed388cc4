#pragma once

#include <string>
#include <string_view>

#include "exposition/output.h"

namespace postern::exposition {

// Appends a metric's or a label's name as `escaping` writes it (Prometheus' docs,
// escaping_schemes). `name` has no quotes and no escapes left in it; with AllowUtf8 it is
// appended as it is, escaped for quotes.
void appendMetricName(std::string& out, std::string_view name, Escaping escaping);
void appendLabelName(std::string& out, std::string_view name, Escaping escaping);

}  // namespace postern::exposition
