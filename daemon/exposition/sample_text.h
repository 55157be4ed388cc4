#pragma once

#include <string>
#include <string_view>

#include "exposition/sink.h"

namespace postern::exposition {

// Appends a metric's name in this format, outside of braces: unchanged, or in quotes.
void appendName(std::string& out, std::string_view name, bool quoted, const Output& output);

// Appends name and labels of a sample.
void appendSeries(std::string& out, const Sample& sample, const Output& output);

// Appends one line of a sample and keeps only its value text. Returns "", or what was expected of
// `sample`.
std::string_view appendSample(std::string& out, const Sample& sample, Syntax from,
                              const Output& output);

// Whether the line has blanks, commas and tabs only where OpenMetrics allows them.
bool isCanonical(const Line& line);

}  // namespace postern::exposition
