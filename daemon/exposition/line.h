#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace postern::exposition {

// A label as spelled on the page: without quotes, with its escapes.
struct Label {
  std::string_view name;
  std::string_view value;
  bool quoted = false;  // whether the name is quoted
};

enum class LineKind { Blank, Comment, Help, Type, Unit, Eof, Sample };

// One parsed line. All views point into the text that was read.
struct Line {
  LineKind kind = LineKind::Blank;
  std::string_view raw;        // the whole line with its line end
  std::string_view name;       // of Help, Type, Unit and Sample, spelled like those of labels
  bool quoted = false;         // whether the name is quoted
  std::string_view text;       // of Help: the text; of Type: the type; of Unit: the unit
  std::vector<Label> labels;   // of Sample, in order, without the metric's name
  bool same_name = false;      // the name certainly equals that of the last line with a name
  bool same_metric = false;    // of Sample: its name certainly equals that of the sample before
  bool same_labels = false;    // of Sample: its labels have the same names as those of the sample
                               // before
  bool escapes = false;        // of Sample: some text in quotes has a backslash or a line end
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
enum class Outcome {
  Whole,
  Unfinished,  // a quoted text is not closed at the end
  Bad,
};

}  // namespace postern::exposition
