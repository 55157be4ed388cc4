#pragma once

#include <string>
#include <string_view>

#include "exposition/output.h"

// How the two syntaxes name one family and its type.
namespace postern::exposition {

// Whether a sample belongs to a family of this name (as the page has it) and type.
bool belongs(Syntax syntax, std::string_view family, std::string_view type,
             std::string_view sample);

// The suffix that OpenMetrics leaves out of the name of a family of this type: _total, _info.
std::string_view hiddenSuffix(std::string_view type);

// The type in text: info and stateset are gauges there, what is unknown is untyped.
std::string_view textType(std::string_view type);

// The name and type in OpenMetrics of a family that is named as its samples are. A counter whose
// name does not end in _total would have to be renamed, so it becomes unknown instead: the name
// of a series must not depend on who asks.
struct OpenMetricsName {
  std::string_view name;
  std::string_view type;
};
OpenMetricsName openMetricsName(std::string_view name, std::string_view type);

// A help text of text, in which a quote needs no escape, as OpenMetrics writes it; and back.
std::string quoteHelp(std::string_view help);
std::string unquoteHelp(std::string_view help);

}  // namespace postern::exposition
