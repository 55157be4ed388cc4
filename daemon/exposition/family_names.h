#pragma once

#include <string>
#include <string_view>

#include "exposition/output.h"

// The names of a family and its type in both syntaxes.
namespace postern::exposition {

// Whether a sample belongs to a family of this name (as on the page) and type.
bool belongs(Syntax syntax, std::string_view family, std::string_view type,
             std::string_view sample);

// The suffix that OpenMetrics omits from the name of a family of this type: _total, _info.
std::string_view hiddenSuffix(std::string_view type);

// The type in text: info and stateset become gauge, unknown becomes untyped.
std::string_view textType(std::string_view type);

// The OpenMetrics name and type of a family that has the name of its samples. A counter whose name
// does not end in _total would need another name, so it becomes unknown instead: the name of a
// series must not depend on the scraper.
struct OpenMetricsName {
  std::string_view name;
  std::string_view type;
};
OpenMetricsName openMetricsName(std::string_view name, std::string_view type);

// Converts a help text of text, where a quote needs no escape, to OpenMetrics; and back.
std::string quoteHelp(std::string_view help);
std::string unquoteHelp(std::string_view help);

}  // namespace postern::exposition
