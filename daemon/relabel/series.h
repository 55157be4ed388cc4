#pragma once

#include <string_view>
#include <vector>

namespace postern::relabel {

// A label as spelled on the page: without quotes, with its escapes.
struct Label {
  std::string_view name;
  std::string_view value;
  bool quoted = false;  // whether the name is quoted
};

// The part of a line that rules read: the name and the labels of a sample. All views point into the
// text that was read.
struct Series {
  std::string_view name;      // spelled like those of labels
  bool quoted = false;        // whether the name is quoted
  std::vector<Label> labels;  // in order, without the metric's name
  bool same_name = false;     // the name certainly equals that of the last line with a name
  bool same_metric = false;   // the name certainly equals that of the sample before
  bool same_labels = false;   // the labels have the same names as those of the sample before
  bool escapes = false;       // some text in quotes has a backslash or a line end
};

}  // namespace postern::relabel
