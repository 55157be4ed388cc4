#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/known_labels.h"
#include "exposition/line.h"

namespace postern::exposition {

// Reads OpenMetrics 0.0.1 and 1.0.0, a line at a time, and takes what Prometheus' own parser
// takes (model/textparse, openmetricslex and openmetricsparse).
//
// Refused beyond that: what that parser passes over or mangles without a word (a line end in a name
// in quotes, a label name without a value, anything behind a value that is neither timestamp nor
// exemplar), and what Prometheus refuses a step later (a name that is no UTF-8). Not thread-safe;
// one object serves any number of pages.
class OpenMetricsLineParser {
 public:
  // As TextLineParser::next; never Unfinished, as no text may hold a line end.
  Outcome next(const char* begin, const char* end, bool utf8_known);

  const Line& line() const { return line_; }
  // Behind the line end.
  const char* after() const { return eol_ + 1; }
  std::size_t lineEnds() const { return 1; }
  const Complaint& complaint() const { return complaint_; }

 private:
  bool fail(const char* at, std::string_view expected);
  bool readComment(const char* p);
  bool readMeta(const char* p, LineKind kind);
  bool readUnit(const char* at);
  bool readSample(const char* p);
  const char* readLabels(const char* p);
  const char* readLabel(const char* p, Label& label, bool may_be_name);
  const char* readLabelValue(const char* p, std::string_view& value);
  const char* readQuotedName(const char* p, std::string_view& name);
  const char* readNumber(const char* p, std::string_view& number);
  bool readTail(const char* p);
  bool readExemplar(const char* p);
  bool isTime(std::string_view number);

  Line line_;
  Complaint complaint_;
  Outcome outcome_ = Outcome::Whole;
  KnownName last_name_;
  KnownLabels known_;
  Label exemplar_label_;
  const char* end_ = nullptr;
  const char* eol_ = nullptr;
  bool named_ = false;  // the sample's name has been read
};

}  // namespace postern::exposition
