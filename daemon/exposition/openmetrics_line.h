#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/known_labels.h"
#include "exposition/line.h"

namespace postern::exposition {

// Reads OpenMetrics 0.0.1 and 1.0.0, a line at a time, and accepts what Prometheus' own parser
// accepts (model/textparse, openmetricslex and openmetricsparse).
//
// It also refuses what that parser silently skips or damages: a line end in a quoted name, a label
// name without a value, and anything after a value that is neither timestamp nor exemplar. And it
// refuses what Prometheus refuses later: a name that is not UTF-8. Not thread-safe; one object
// serves any number of pages.
class OpenMetricsLineParser {
 public:
  // Like TextLineParser::next(). Never Unfinished, because no text may contain a line end.
  LineResult next(const char* begin, const char* end, bool utf8_known);

  const Line& line() const { return line_; }
  // The position after the line end.
  const char* after() const { return eol_ + 1; }
  std::size_t lineEnds() const { return 1; }
  const StrictError& complaint() const { return complaint_; }

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
  StrictError complaint_;
  LineResult outcome_ = LineResult::Whole;
  KnownName last_name_;
  KnownLabels known_;
  Label exemplar_label_;
  const char* end_ = nullptr;
  const char* eol_ = nullptr;
  bool named_ = false;  // the sample's name has been read
};

}  // namespace postern::exposition
