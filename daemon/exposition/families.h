#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exposition/text_checker.h"

namespace postern::exposition {

// One metric family as text 0.0.4 lines. `samples` are whole lines, value text as it came.
struct Family {
  std::string name;
  std::string type;  // counter, gauge, histogram, summary, untyped; empty: no TYPE line
  std::string help;  // escaped as it stands after the name; empty: no HELP line
  std::string samples;
};

// A page that is held whole, families in the order in which they first appear.
struct Families {
  std::vector<Family> families;
  std::size_t samples = 0;
  std::size_t bytes() const;  // of names, help and samples
};

// A whole text page, checked as TextChecker does; plain comments are left out. Samples go to the
// family that their name and the TYPE lines say (x_bucket, x_sum and x_count belong to a histogram
// or summary x).
Result<Families> parseText(std::string_view page, const Limits& limits, bool honor_timestamps);

// WhatsApp's JSON of /metrics and /v1/stats/*: single and multiconnect, whose whole key
// "<host>:<container>" becomes the label `node` unless the sample has one; histogram samples
// {bucket,sum,count}; labels absent or `[]`. Numbers are copied as text, a string counts when
// Prometheus reads it as a value. A metric or label name that needs quotes is refused; a type
// that text does not know becomes untyped. The line limit does not apply.
// Errors: Format (says where), Empty, Limit.
Result<Families> parseWhatsappJson(std::string_view json, const Limits& limits);

// Adds what `more` holds: one HELP and TYPE per family, the first ones seen; samples of one
// family stand together. When two pages give one family different types, the first type
// stands when it is given, and the samples of both follow it.
void merge(Families& into, Families&& more);

// The page as text 0.0.4.
std::string write(const Families& families);

// A label value as text 0.0.4 writes it: \\, \" and \n escaped.
std::string escapeLabelValue(std::string_view value);
// A HELP text: \\ and \n escaped.
std::string escapeHelp(std::string_view help);

}  // namespace postern::exposition
