#pragma once

#include <cstddef>

#include "exposition/line.h"

namespace postern::exposition {

// Reads OpenMetrics 0.0.1 and 1.0.0, a line at a time, and takes what Prometheus' own parser
// takes (model/textparse, openmetricslex and openmetricsparse).
//
// Not thread-safe; reads on from no state, so that one object serves any number of pages.
class OpenMetricsLineParser {
 public:
  // As TextLineParser::next.
  Outcome next(const char* begin, const char* end, bool utf8_known);

  const Line& line() const { return line_; }
  // Behind the line end.
  const char* after() const { return after_; }
  std::size_t lineEnds() const { return line_ends_; }
  const Complaint& complaint() const { return complaint_; }

 private:
  Line line_;
  Complaint complaint_;
  const char* after_ = nullptr;
  std::size_t line_ends_ = 0;
};

}  // namespace postern::exposition
