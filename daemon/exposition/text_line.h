#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/known_labels.h"
#include "exposition/line.h"

namespace postern::exposition {

// Reads Prometheus text 0.0.4 with quoted names, a line at a time, and accepts what Prometheus' own
// parser accepts (model/textparse, promlex and promparse). Quoted text may contain line ends, so
// that a line here is one entry of the page: it can have several lines in an editor.
//
// It also refuses a NUL byte at which Prometheus would silently end the page, and a quoted sample
// name that is not UTF-8, which Prometheus refuses after its parser. Not thread-safe; one object
// serves any number of pages.
class TextLineParser {
 public:
  // Reads the line that starts at `begin`. Requires begin < end and end[-1] == '\n'. Compares a
  // line that starts at after() of the last one, with the same end, with that line. So the text
  // from there on must be unchanged. With `utf8_known` the caller has checked that all of the text
  // is UTF-8, so that it is not checked again.
  LineResult next(const char* begin, const char* end, bool utf8_known);

  const Line& line() const { return line_; }
  // The position after the line end.
  const char* after() const { return eol_ + 1; }
  // Number of line ends from the start to after(): 1 plus line ends in quotes.
  std::size_t lineEnds() const { return line_ends_; }
  const StrictError& complaint() const { return complaint_; }

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
  StrictError complaint_;
  LineResult outcome_ = LineResult::Whole;
  KnownName last_name_;
  KnownLabels known_;
  const char* end_ = nullptr;
  const char* eol_ = nullptr;
  std::size_t line_ends_ = 0;
  bool utf8_known_ = false;
  bool named_ = false;  // the sample's name has been read
};

}  // namespace postern::exposition
