#pragma once

#include <string>
#include <string_view>

namespace postern::exposition {

// Appends a timestamp of text (milliseconds) as OpenMetrics has it (seconds), such that
// Prometheus, which multiplies by 1000 and cuts off, comes to the same millisecond.
void appendSeconds(std::string& out, std::string_view milliseconds);

// The other way around, with Prometheus' own arithmetic (model/textparse, openmetricsparse). False
// for a time before 1970, which Prometheus does not read in text.
bool appendMilliseconds(std::string& out, std::string_view seconds);

}  // namespace postern::exposition
