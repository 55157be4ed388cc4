#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace postern::exposition {

// As they stand on the page: without quotes, escapes not resolved.
struct Label {
  std::string_view name;
  std::string_view value;
  bool quoted = false;  // the name
};

enum class LineKind { Blank, Comment, Help, Type, Unit, Eof, Sample };

// One line taken apart. All views point into the text that was read.
struct Line {
  LineKind kind = LineKind::Blank;
  std::string_view raw;        // whole, with its line end
  std::string_view name;       // of Help, Type, Unit and Sample, as those of labels
  bool quoted = false;         // the name
  std::string_view text;       // of Help: the text; of Type: the type; of Unit: the unit
  std::vector<Label> labels;   // of Sample, in their order, the metric's name not among them
  bool same_name = false;      // the name is surely that of the last line that had one
  bool same_metric = false;    // of Sample: its name is surely that of the sample before
  bool same_labels = false;    // of Sample: the labels' names are those of the sample before
  bool escapes = false;        // of Sample: some text in quotes has a backslash or a line end
  std::string_view value;      // of Sample
  std::string_view timestamp;  // of Sample; empty: none
  std::string_view exemplar;   // of Sample; from its "{" up to the line end; empty: none
};

// Where a line goes wrong, and what should have stood there.
struct Complaint {
  const char* at = nullptr;
  std::string_view expected;
};

// What became of a line.
enum class Outcome {
  Whole,
  Unfinished,  // a quoted text is still open at the end
  Bad,
};

}  // namespace postern::exposition
