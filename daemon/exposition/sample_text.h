#pragma once

#include <string>
#include <string_view>

#include "exposition/sink.h"

namespace postern::exposition {

// A name that stands in quotes on a page, without its escapes.
std::string unescapeName(std::string_view name);

// Appends a metric's name as the page of this form has it outside of braces: as it is, or in
// quotes.
void appendName(std::string& out, std::string_view name, bool quoted, const Output& output);

// Appends name and labels of a sample.
void appendSeries(std::string& out, const Sample& sample, const Output& output);

// Appends one line of a sample, written anew but for the value. Empty, or what `sample` would
// have to be.
std::string_view appendSample(std::string& out, const Sample& sample, Syntax from,
                              const Output& output);

// Whether the line has no blank, comma or tab but where OpenMetrics wants one.
bool isCanonical(const Line& line);

}  // namespace postern::exposition
