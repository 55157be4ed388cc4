#pragma once

#include <span>
#include <string_view>

#include "exposition/line.h"
#include "exposition/output.h"

namespace postern::exposition {

// What a page says about a family. Named as the samples are, whatever the page's syntax: a counter
// of OpenMetrics with its _total, an info with its _info.
struct FamilyHead {
  std::string_view name;  // without quotes, escapes not resolved
  bool quoted = false;
  std::string_view type;  // in OpenMetrics' words (unknown, not untyped); empty: not told
  std::string_view help;  // escaped as in text: \\ and \n; empty: none
  std::string_view unit;  // empty: none
};

// One sample on its way out.
struct Sample {
  const Line& line;               // as it came: value, timestamp and exemplar stay
  std::string_view name;          // the metric's; the line's own unless it was rewritten
  bool quoted = false;            // the name
  std::span<const Label> labels;  // may be left to `text`, when no name is in quotes
  std::string_view inserted;      // text of labels that go before the others: a="b",c="d",
  std::string_view text;          // of all labels: {a="b",c="d"}; empty: not made
  bool rewritten = false;         // name or labels are no longer those of the line
  bool quoted_labels = false;     // some label's name is in quotes
  bool keeps_timestamp = true;
};

// Takes a page apart from its syntax. Views die with each call, those of samples and lines with
// settle().
class Sink {
 public:
  virtual ~Sink() = default;
  // Whether a page of this syntax may be given line by line, as it came, instead of by family().
  virtual bool copies(Syntax syntax) const = 0;
  // Every line but samples and # EOF, if this sink copies them.
  virtual void line(const Line& line) = 0;
  // The samples that follow belong to this family, which may have come before. Else than that
  // every family of the page comes here that has a HELP, TYPE or UNIT, also without samples.
  virtual void family(const FamilyHead& head) = 0;
  // Empty, or what the sample would have to be for the sink to take it ("expected ...").
  virtual std::string_view sample(const Sample& sample, Syntax syntax) = 0;
  virtual void settle() = 0;
};

}  // namespace postern::exposition
