#pragma once

#include <string>
#include <string_view>

#include "config/reshape.h"

namespace postern::config {

// Reads a series selector as Prometheus' /federate takes it: `up`, `{job="a"}`,
// `up{job=~"a|b",le!=""}`; texts in double quotes, single quotes or backticks. Returns what is
// wrong with it, or an empty text. At least one matcher must not match the empty text.
std::string readSelector(std::string_view text, Selector& selector);

// A regular expression of Go's in RE2's words: Go has (?<name>...) as well, which RE2 learned later
// than Debian's.
std::string inRe2(std::string_view regex);

// What RE2 has against a regular expression, or an empty text.
std::string regexMistake(std::string_view regex);

}  // namespace postern::config
