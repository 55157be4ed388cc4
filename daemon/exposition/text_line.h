#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/known_labels.h"
#include "exposition/line.h"

namespace postern::exposition {

// Reads Prometheus text 0.0.4 with quoted names, a line at a time, and takes what Prometheus' own
// parser takes (model/textparse, promlex and promparse). Quoted text may hold line ends, so
// that a line here is one entry of the page: it can stretch over several lines of an editor.
//
// Refused beyond that: a NUL byte at which Prometheus would end the page without a word, and a
// quoted name of a sample that is no UTF-8, which Prometheus refuses a step after its parser.
// Not thread-safe; one object serves any number of pages.
class TextLineParser {
 public:
  // Reads the line that starts at `begin`. Requires begin < end and end[-1] == '\n'. A line that
  // starts at after() of the last one, with the same end, is compared with it, so that the text
  // from there on must be as it was. With `utf8_known` the caller has found all of the text to be
  // UTF-8, so that it is not judged again.
  Outcome next(const char* begin, const char* end, bool utf8_known);

  const Line& line() const { return line_; }
  // Behind the line end.
  const char* after() const { return eol_ + 1; }
  // How many line ends there are from the start to after(): 1, but for line ends in quotes.
  std::size_t lineEnds() const { return line_ends_; }
  const Complaint& complaint() const { return complaint_; }

 private:
  bool fail(const char* at, std::string_view expected);
  bool unfinished();
  const char* lineEnd(const char* p) const;
  bool readComment(const char* p);
  bool readMeta(const char* p, LineKind kind);
  bool readMetaText(const char* p);
  bool readSample(const char* p);
  const char* readLabels(const char* p);
  const char* readLabel(const char* p, Label& label);
  const char* readLabelName(const char* p, bool& quoted, std::string_view& name);
  const char* readLabelValue(const char* p, std::string_view& value);
  const char* readQuotedName(const char* p, std::string_view& name);
  bool readSuffix(const char* p);
  bool readTimestamp(const char* p);
  bool judgeUtf8();

  Line line_;
  Complaint complaint_;
  Outcome outcome_ = Outcome::Whole;
  KnownName last_name_;
  KnownLabels known_;
  const char* end_ = nullptr;
  const char* eol_ = nullptr;
  std::size_t line_ends_ = 0;
  bool utf8_known_ = false;
  bool named_ = false;  // the sample's name has been read
};

// [a-zA-Z_:][a-zA-Z0-9_:]*: needs no quotes on the page.
bool isPlainMetricName(std::string_view name);
// [a-zA-Z_][a-zA-Z0-9_]*
bool isPlainLabelName(std::string_view name);

}  // namespace postern::exposition
