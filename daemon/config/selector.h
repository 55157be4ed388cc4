#pragma once

#include <string>
#include <string_view>

#include "config/reshape.h"

namespace postern::config {

// Reads a series selector in the syntax of Prometheus' /federate: `up`, `{job="a"}`,
// `up{job=~"a|b",le!=""}`; strings in double quotes, single quotes or backticks. Returns what is
// wrong with it, or an empty text. At least one matcher must not match the empty string.
std::string readSelector(std::string_view text, Selector& selector);

// Translates a Go regular expression to RE2: Go also has (?<name>...), which the RE2 of Debian
// lacks.
std::string inRe2(std::string_view regex);

// RE2's objection to a regular expression, or an empty text.
std::string regexMistake(std::string_view regex);

}  // namespace postern::config
