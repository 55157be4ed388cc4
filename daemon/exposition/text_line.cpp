#include "exposition/text_line.h"

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "exposition/bytes.h"
#include "exposition/number.h"
#include "exposition/scan.h"

namespace postern::exposition {
namespace {

inline const char* skipNuls(const char* p) {
  while (*p == '\0') ++p;
  return p;
}
// Prometheus' lexer skips NUL bytes where it looks at the next byte in a comment, a help text or a
// label value.
inline const char* skipBlanksAndNuls(const char* p) {
  while (is(*p, kBlank)) p = skipNuls(p + 1);
  return p;
}

// Position after HELP or TYPE and the blanks that must follow; null if they are missing.
const char* skipKeyword(const char* p, std::string_view word) {
  for (const char c : word) {
    if (*p != c) return nullptr;
    p = skipNuls(p + 1);
  }
  return is(*p, kBlank) ? skipBlanksAndNuls(p) : nullptr;
}

bool isTextType(std::string_view text) {
  return text == "counter" || text == "gauge" || text == "histogram" || text == "summary" ||
         text == "untyped";
}

bool isUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace

LineResult TextLineParser::next(const char* begin, const char* end, bool utf8_known) {
  if (end != end_ || begin != after()) {
    last_name_.forget();
    known_.forget();
  }
  outcome_ = LineResult::Whole;
  end_ = end;
  line_ends_ = 1;
  utf8_known_ = utf8_known;
  const char* p = skip(begin, kBlank);
  if (is(*p, kMetricStart) || *p == '{') {
    readSample(p);
  } else if (*p == '#') {
    readComment(p + 1);
  } else if (*p == '\n') {
    line_.kind = LineKind::Blank;
    eol_ = p;
  } else {
    fail(p, "a metric name, a comment or a blank line");
  }
  line_.raw = between(begin, eol_ + 1);
  return outcome_;
}

bool TextLineParser::fail(const char* at, std::string_view expected) {
  complaint_ = {at, expected};
  outcome_ = LineResult::Bad;
  eol_ = lineEnd(at);
  return false;
}

bool TextLineParser::unfinished() {
  outcome_ = LineResult::Unfinished;
  eol_ = end_ - 1;
  return false;
}

const char* TextLineParser::lineEnd(const char* p) const {
  return static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end_ - p)));
}

inline bool TextLineParser::readComment(const char* p) {
  line_.kind = LineKind::Comment;
  eol_ = lineEnd(p);
  // The usual spelling.
  const std::string_view text = between(p, eol_);
  if (text.starts_with(" HELP ")) return readMeta(skipBlanksAndNuls(p + 5), LineKind::Help);
  if (text.starts_with(" TYPE ")) return readMeta(skipBlanksAndNuls(p + 5), LineKind::Type);
  constexpr std::string_view kNoNul = "a comment without a NUL byte, which ends the page";
  if (!is(*p, kBlank)) {
    const void* nul = std::memchr(p, '\0', static_cast<std::size_t>(eol_ - p));
    return nul == nullptr || fail(static_cast<const char*>(nul), kNoNul);
  }
  p = skip(p, kBlank);
  if (*p == '\0') return fail(p, kNoNul);
  if (const char* name = skipKeyword(p, "HELP")) return readMeta(name, LineKind::Help);
  if (const char* name = skipKeyword(p, "TYPE")) return readMeta(name, LineKind::Type);
  return true;
}

inline bool TextLineParser::readMeta(const char* p, LineKind kind) {
  line_.kind = kind;
  line_.quoted = *p == '"';
  line_.same_name = false;
  if (line_.quoted) {
    last_name_.forget();
    p = readQuotedName(p, line_.name);
    if (p == nullptr) return false;
    eol_ = lineEnd(p);
    if (!utf8_known_ && !isUtf8(line_.name)) return fail(line_.name.data(), "a name in UTF-8");
  } else if (is(*p, kMetricStart)) {
    p = last_name_.read(p, end_, line_);
  } else {
    return fail(p,
                kind == LineKind::Help ? "a metric name after HELP" : "a metric name after TYPE");
  }
  return readMetaText(p);
}

// The text starts after one byte of any value. Blanks only do not count as text.
inline bool TextLineParser::readMetaText(const char* p) {
  if (*p == '\0') return fail(p, "a blank after the metric name");
  const bool nothing = p == eol_ || skipBlanksAndNuls(p) == eol_;
  line_.text = nothing ? std::string_view() : between(p + 1, eol_);
  const char* at = nothing ? eol_ : p + 1;
  if (line_.kind == LineKind::Type) {
    return isTextType(line_.text) || fail(at, "counter, gauge, histogram, summary or untyped");
  }
  // The skipped byte may be the first of a character.
  const bool known = utf8_known_ && static_cast<signed char>(*p) >= 0;
  return known || isUtf8(line_.text) || fail(at, "a help text in UTF-8");
}

inline bool TextLineParser::readSample(const char* p) {
  line_.kind = LineKind::Sample;
  line_.labels.clear();
  line_.same_labels = true;
  line_.same_name = false;
  line_.same_metric = false;
  line_.escapes = false;
  line_.quoted = false;
  named_ = *p != '{';
  if (named_) {
    p = skip(last_name_.read(p, end_, line_), kBlank);
  }
  if (*p == '{') {
    const char* brace = p;
    p = readLabels(p + 1);
    if (p == nullptr) return false;
    if (!named_) return fail(brace, "a metric name before or in the braces");
    if (!utf8_known_ && !judgeUtf8()) return false;
    p = skip(p, kBlank);
  } else {
    line_.same_labels = known_.first() == known_.last();
  }
  if (!line_.same_labels) known_.learn(line_.labels);
  return readSuffix(p);
}

// Reads from after the opening brace to after the closing one. Prometheus accepts labels without a
// comma between them, and one comma after the last label.
inline const char* TextLineParser::readLabels(const char* p) {
  p = skip(p, kBlank);
  const Known* known = known_.first();
  while (*p != '}') {
    if (known->beginsAt(p, end_)) {
      const char* const value = p + known->size();
      const char* const quote = findInValue(value, end_);
      Label& label = line_.labels.emplace_back(Label{between(p, value - 2), between(value, quote)});
      p = *quote == '"' ? skipNuls(quote + 1) : readLabelValue(value - 1, label.value);
      ++known;
    } else {
      line_.same_labels = false;
      known = known_.last();
      p = readLabel(p, line_.labels.emplace_back());
    }
    if (p == nullptr) return nullptr;
    p = skip(p, kBlank);
    if (*p == ',') p = skip(p + 1, kBlank);
  }
  if (known != known_.last()) line_.same_labels = false;
  return p + 1;
}

// Reads one label, or the metric's name in quotes.
const char* TextLineParser::readLabel(const char* p, Label& label) {
  const char* start = p;
  p = readLabelName(p, label.quoted, label.name);
  if (p == nullptr) return nullptr;
  p = skip(p, kBlank);
  if (label.quoted && (*p == ',' || *p == '}')) {
    if (named_) {
      fail(start, "a label, because the metric already has its name");
      return nullptr;
    }
    named_ = true;
    line_.name = label.name;
    line_.quoted = true;
    last_name_.forget();
    line_.labels.pop_back();
    return p;
  }
  if (*p != '=') {
    fail(p, "\"=\" after the label name");
    return nullptr;
  }
  return readLabelValue(skipBlanksAndNuls(p + 1), label.value);
}

const char* TextLineParser::readLabelName(const char* p, bool& quoted, std::string_view& name) {
  if (is(*p, kLabelStart)) {
    const char* start = p;
    p = skip(p, kLabel);
    name = between(start, p);
    return p;
  }
  quoted = *p == '"';
  if (quoted) return readQuotedName(p, name);
  fail(p, "a label name or \"}\"");
  return nullptr;
}

// Reads from the opening quote to after the closing one.
const char* TextLineParser::readLabelValue(const char* p, std::string_view& value) {
  if (*p != '"') {
    fail(p, "a label value in quotes");
    return nullptr;
  }
  const char* start = ++p;
  p = findInValue(p, end_);
  while (p != end_ && *p != '"') {
    line_.escapes = true;
    if (*p == '\n') {
      ++line_ends_;
    } else {
      p = skipNuls(p + 1);  // an escape
      if (*p == '\n') {
        fail(p, "a character after the backslash");
        return nullptr;
      }
    }
    p = findInValue(p + 1, end_);
  }
  if (p == end_) {
    unfinished();
    return nullptr;
  }
  value = between(start, p);
  return skipNuls(p + 1);
}

// Like readLabelValue(), but a name is not empty and has no NUL byte.
const char* TextLineParser::readQuotedName(const char* p, std::string_view& name) {
  const char* start = ++p;
  if (*p == '"') {
    fail(p - 1, "a name that is not empty");
    return nullptr;
  }
  for (; p != end_ && *p != '"'; ++p) {
    const bool escape = *p == '\\';
    if (escape) ++p;
    if (*p == '\n') ++line_ends_;
    line_.escapes = line_.escapes || escape || *p == '\n';
    if (*p == '\0' || (escape && *p == '\n')) {
      fail(p, "a name in quotes without a NUL byte or a backslash at a line end");
      return nullptr;
    }
  }
  if (p == end_) {
    unfinished();
    return nullptr;
  }
  name = between(start, p);
  return p + 1;
}

// Reads the part after the name and the labels.
inline bool TextLineParser::readSuffix(const char* p) {
  const char* start = p;
  p = skipPlainNumber(start, end_);
  if (p == nullptr || !is(*p, kValueEnd) || p - start > 200) {
    p = start;
    while (!is(*p, kValueEnd)) ++p;
    if (!isValue(between(start, p))) return fail(start, "a number as the value");
  }
  line_.value = between(start, p);
  p = skip(p, kBlank);
  if (*p == '\n') {
    line_.timestamp = {};
    eol_ = p;
    return true;
  }
  return readTimestamp(p);
}

bool TextLineParser::readTimestamp(const char* p) {
  const char* start = p;
  p = skipDigits(p, end_);
  line_.timestamp = between(start, p);
  if (!isTimestamp(line_.timestamp)) {
    return fail(start, "a timestamp in milliseconds or the end of the line");
  }
  p = skip(p, kBlank);
  eol_ = p;
  return *p == '\n' || fail(p, "the end of the line");
}

// Everything else on the line of a sample is ASCII, or the parser would have refused it.
bool TextLineParser::judgeUtf8() {
  if (!isUtf8(line_.name)) return fail(line_.name.data(), "a metric name in UTF-8");
  for (const Label& label : line_.labels) {
    if (!isUtf8(label.name)) return fail(label.name.data(), "a label name in UTF-8");
    if (!isUtf8(label.value)) return fail(label.value.data(), "a label value in UTF-8");
  }
  return true;
}

}  // namespace postern::exposition
