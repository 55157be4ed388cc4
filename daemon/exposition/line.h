#pragma once

#include <cstddef>
#include <string_view>

#include "relabel/series.h"

namespace postern::exposition {

using relabel::Label;

enum class LineKind { Blank, Comment, Help, Type, Unit, Eof, Sample };

// One parsed line. A Help, Type, Unit or Sample has a name, a Sample has labels and their flags.
// All views point into the text that was read.
struct Line : relabel::Series {
  LineKind kind = LineKind::Blank;
  std::string_view raw;        // the whole line with its line end
  std::string_view text;       // of Help: the text; of Type: the type; of Unit: the unit
  std::string_view value;      // of Sample
  std::string_view timestamp;  // of Sample; may be empty
  std::string_view exemplar;   // of Sample, from its "{" to the line end; may be empty
};

// Where a line is invalid, and what was expected there.
struct StrictError {
  const char* at = nullptr;
  std::string_view expected;
};

// The result of parsing a line.
enum class LineResult {
  Whole,
  Unfinished,  // a quoted text is not closed at the end
  Bad,
};

}  // namespace postern::exposition
