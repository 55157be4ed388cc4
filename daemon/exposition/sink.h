#pragma once

#include <span>
#include <string_view>

#include "exposition/line.h"
#include "exposition/output.h"

namespace postern::exposition {

// The metadata of a family. It has the name of its samples in both syntaxes: a counter of
// OpenMetrics has its _total, an info its _info.
struct FamilyHead {
  std::string_view name;  // without quotes, with its escapes
  bool quoted = false;
  std::string_view type;  // OpenMetrics' name of the type (unknown, not untyped); empty: not set
  std::string_view help;  // escaped as in text: \\ and \n; may be empty
  std::string_view unit;  // may be empty
};

// One outgoing sample.
struct Sample {
  const Line& line;               // the received line: value, timestamp and exemplar are unchanged
  std::string_view name;          // name of the metric; the line's own unless it was rewritten
  bool quoted = false;            // whether the name is quoted
  std::span<const Label> labels;  // may be empty if `text` is set and no name is quoted
  std::string_view inserted;      // text of labels that precede the others: a="b",c="d",
  std::string_view text;          // text of all labels: {a="b",c="d"}; empty: not made
  bool rewritten = false;         // name or labels differ from those of the line
  bool quoted_labels = false;     // a label's name is quoted
  bool keeps_timestamp = true;
};

// Receives the parts of a page, independent of its syntax. Views die with each call; those of
// samples and lines with settle().
class Sink {
 public:
  virtual ~Sink() = default;
  // Whether a page of this syntax may be passed line by line, unchanged, instead of by family().
  virtual bool copies(Syntax syntax) const = 0;
  // Called for every line except samples and # EOF, if this sink copies lines.
  virtual void line(const Line& line) = 0;
  // The following samples belong to this family, which may have come before. Otherwise called for
  // every family of the page with a HELP, TYPE or UNIT, also without samples.
  virtual void family(const FamilyHead& head) = 0;
  // Returns "", or what was expected of the sample ("expected ...") when the sink refuses it.
  virtual std::string_view sample(const Sample& sample, Syntax syntax) = 0;
  virtual void settle() = 0;
};

}  // namespace postern::exposition
