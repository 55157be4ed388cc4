#pragma once

#include <string>
#include <string_view>

namespace postern::exposition {

// Appends a timestamp of text (milliseconds) in the format of OpenMetrics (seconds), such that
// Prometheus, which multiplies by 1000 and truncates, gets the same millisecond.
void appendSeconds(std::string& out, std::string_view milliseconds);

// The reverse, with Prometheus' own arithmetic (model/textparse, openmetricsparse). Returns false
// for a time before 1970, which Prometheus does not read in text.
bool appendMilliseconds(std::string& out, std::string_view seconds);

}  // namespace postern::exposition
