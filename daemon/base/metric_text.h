#pragma once

#include <string>
#include <string_view>

// Names of metrics and labels, and quoted text, as on a page of Prometheus.
namespace postern {

// [a-zA-Z_:][a-zA-Z0-9_:]*: needs no quotes on the page.
bool isPlainMetricName(std::string_view name);
// [a-zA-Z_][a-zA-Z0-9_]*
bool isPlainLabelName(std::string_view name);

// A label value in text 0.0.4: \\, \" and \n escaped.
std::string escapeLabelValue(std::string_view value);
// A HELP text: \\ and \n escaped.
std::string escapeHelp(std::string_view help);
// A quoted name or a label value of a page, without its escapes. A backslash without an escape
// stays, like in Prometheus.
std::string unescapeName(std::string_view text);

}  // namespace postern
