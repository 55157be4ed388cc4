#include "exposition/openmetrics_line.h"

#include <simdjson.h>

#include <cstring>

#include "exposition/bytes.h"
#include "exposition/number.h"
#include "exposition/scan.h"

namespace postern::exposition {
namespace {

constexpr std::string_view kTypes =
    "counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown";

bool isOpenMetricsType(std::string_view text) {
  for (const std::string_view type : {"counter", "gauge", "histogram", "gaugehistogram", "summary",
                                      "info", "stateset", "unknown"}) {
    if (text == type) return true;
  }
  return false;
}

}  // namespace

LineResult OpenMetricsLineParser::next(const char* begin, const char* end, bool utf8_known) {
  if (end != end_ || begin != after()) {
    last_name_.forget();
    known_.forget();
  }
  outcome_ = LineResult::Whole;
  end_ = end;
  const auto size = static_cast<std::size_t>(end - begin);
  eol_ = static_cast<const char*>(std::memchr(begin, '\n', size));
  line_.raw = between(begin, eol_ + 1);
  if (is(*begin, kMetricStart) || *begin == '{') {
    readSample(begin);
  } else if (*begin == '#') {
    readComment(begin);
  } else {
    fail(begin, R"(a metric name, "# HELP", "# TYPE", "# UNIT" or "# EOF")");
  }
  if (outcome_ == LineResult::Bad) return outcome_;
  if (!utf8_known && !simdjson::validate_utf8(begin, line_.raw.size())) {
    fail(begin, "a line in UTF-8");
  }
  return outcome_;
}

bool OpenMetricsLineParser::fail(const char* at, std::string_view expected) {
  complaint_ = {at, expected};
  outcome_ = LineResult::Bad;
  return false;
}

bool OpenMetricsLineParser::readComment(const char* p) {
  const std::string_view line = between(p, eol_);
  if (line.starts_with("# HELP ")) return readMeta(p + 7, LineKind::Help);
  if (line.starts_with("# TYPE ")) return readMeta(p + 7, LineKind::Type);
  if (line.starts_with("# UNIT ")) return readMeta(p + 7, LineKind::Unit);
  line_.kind = LineKind::Eof;
  return line == "# EOF" || fail(p, R"("# HELP", "# TYPE", "# UNIT" or "# EOF")");
}

bool OpenMetricsLineParser::readMeta(const char* p, LineKind kind) {
  line_.kind = kind;
  line_.quoted = *p == '"';
  line_.same_name = false;
  if (line_.quoted) {
    last_name_.forget();
    p = readQuotedName(p, line_.name);
    if (p == nullptr) return false;
  } else {
    if (!is(*p, kMetricStart)) return fail(p, "a metric name");
    p = last_name_.read(p, end_, line_);
  }
  if (*p != ' ') return fail(p, "a blank after the metric name");
  line_.text = between(p + 1, eol_);
  if (kind == LineKind::Type) return isOpenMetricsType(line_.text) || fail(p + 1, kTypes);
  if (kind == LineKind::Unit) return readUnit(p + 1);
  return true;
}

bool OpenMetricsLineParser::readUnit(const char* at) {
  const std::string_view unit = line_.text;
  if (unit.empty()) return true;
  const bool suffix = line_.name.size() > unit.size() && line_.name.ends_with(unit) &&
                      line_.name[line_.name.size() - unit.size() - 1] == '_';
  return suffix || fail(at, "a unit that the metric's name ends in");
}

bool OpenMetricsLineParser::readSample(const char* p) {
  line_.kind = LineKind::Sample;
  line_.labels.clear();
  line_.same_labels = true;
  line_.same_name = false;
  line_.same_metric = false;
  line_.escapes = false;
  line_.quoted = false;
  named_ = *p != '{';
  if (named_) p = last_name_.read(p, end_, line_);
  if (*p == '{') {
    const char* const brace = p;
    p = readLabels(p + 1);
    if (p == nullptr) return false;
    if (!named_) return fail(brace, "a metric name before or in the braces");
  } else {
    line_.same_labels = known_.first() == known_.last();
  }
  if (!line_.same_labels) known_.learn(line_.labels);
  return readTail(p);
}

// Reads from after the opening brace to after the closing one. Blanks are not allowed; one comma
// after the last label is.
const char* OpenMetricsLineParser::readLabels(const char* p) {
  const Known* known = known_.first();
  while (*p != '}') {
    Label& label = line_.labels.emplace_back();
    if (known->beginsAt(p, end_)) {
      const char* const value = p + known->size();
      label.name = between(p, value - 2);
      p = readLabelValue(value - 1, label.value);
      ++known;
    } else {
      line_.same_labels = false;
      known = known_.last();
      p = readLabel(p, label, /*may_be_name=*/true);
    }
    if (p == nullptr) return nullptr;
    if (*p == ',') {
      ++p;
    } else if (*p != '}') {
      fail(p, R"("," or "}" after the label)");
      return nullptr;
    }
  }
  if (known != known_.last()) line_.same_labels = false;
  return p + 1;
}

// Reads one label, or the metric's name in quotes.
const char* OpenMetricsLineParser::readLabel(const char* p, Label& label, bool may_be_name) {
  const char* const start = p;
  label.quoted = *p == '"';
  if (label.quoted) {
    p = readQuotedName(p, label.name);
    if (p == nullptr) return nullptr;
  } else {
    p = skip(p, kLabel);
    label.name = between(start, p);
    if (!is(*start, kLabelStart)) {
      fail(start, "a label name or \"}\"");
      return nullptr;
    }
  }
  if (label.quoted && may_be_name && !named_ && (*p == ',' || *p == '}')) {
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
  return readLabelValue(p + 1, label.value);
}

// Reads from the opening quote to after the closing one.
const char* OpenMetricsLineParser::readLabelValue(const char* p, std::string_view& value) {
  if (*p != '"') {
    fail(p, "a label value in quotes");
    return nullptr;
  }
  const char* const start = ++p;
  p = findInValue(p, end_);
  while (*p == '\\' && p[1] != '\n') {
    line_.escapes = true;
    p = findInValue(p + 2, end_);
  }
  if (*p != '"') {
    fail(p, "a closing quote");
    return nullptr;
  }
  value = between(start, p);
  return p + 1;
}

const char* OpenMetricsLineParser::readQuotedName(const char* p, std::string_view& name) {
  const char* const after = readLabelValue(p, name);
  if (after == nullptr) return nullptr;
  if (!name.empty() && name.find('\0') == std::string_view::npos) return after;
  fail(p, name.empty() ? "a name that is not empty" : "a name without a NUL byte");
  return nullptr;
}

// Reads a blank and a number, up to the next blank or the line end.
const char* OpenMetricsLineParser::readNumber(const char* p, std::string_view& number) {
  if (*p != ' ') {
    fail(p, "a blank and a number");
    return nullptr;
  }
  const char* const start = ++p;
  // Nearly all numbers are a few digits with a point.
  if (*p == '-') ++p;
  const char* const digits = p;
  p = skipDigits(p, end_);
  bool plain = p != digits;
  if (plain && *p == '.') p = skipDigits(p + 1, end_);
  plain = plain && (*p == ' ' || *p == '\n') && p - digits < 200;
  if (!plain) {
    while (*p != ' ' && *p != '\n') ++p;
    if (!isValue(between(start, p))) {
      fail(start, "a number");
      return nullptr;
    }
  }
  number = between(start, p);
  return p;
}

// Reads the part after the name and the labels.
bool OpenMetricsLineParser::readTail(const char* p) {
  line_.timestamp = {};
  line_.exemplar = {};
  p = readNumber(p, line_.value);
  if (p == nullptr) return false;
  if (p == eol_) return true;
  if (p[1] != '#') {
    p = readNumber(p, line_.timestamp);
    if (p == nullptr) return false;
    if (!isTime(line_.timestamp)) return false;
    if (p == eol_) return true;
  }
  return readExemplar(p);
}

bool OpenMetricsLineParser::readExemplar(const char* p) {
  if (!between(p, eol_).starts_with(" # {")) {
    return fail(p, "the end of the line or an exemplar, \" # {\"");
  }
  line_.exemplar = between(p + 3, eol_);
  p += 4;
  while (*p != '}') {
    exemplar_label_ = {};
    p = readLabel(p, exemplar_label_, /*may_be_name=*/false);
    if (p == nullptr) return false;
    if (*p == ',') {
      ++p;
    } else if (*p != '}') {
      return fail(p, R"("," or "}" after the label)");
    }
  }
  std::string_view number;
  p = readNumber(p + 1, number);
  if (p == nullptr) return false;
  if (p == eol_) return true;
  p = readNumber(p, number);
  if (p == nullptr || !isTime(number)) return false;
  return p == eol_ || fail(p, "the end of the line");
}

// Prometheus accepts any number except these as a time in seconds.
bool OpenMetricsLineParser::isTime(std::string_view number) {
  const char last = number.back();
  const bool finite = (last >= '0' && last <= '9') || last == '.';
  return finite || fail(number.data(), "a timestamp in seconds");
}

}  // namespace postern::exposition
