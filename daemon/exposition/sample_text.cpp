#include "exposition/sample_text.h"

#include "base/metric_text.h"
#include "exposition/escaping.h"
#include "exposition/timestamp.h"

namespace postern::exposition {
namespace {

// Keeps the escapes of a text page. Escapes a backslash that is literal for Prometheus, because
// OpenMetrics and expfmt refuse it unescaped. A quote can be unescaped after a backslash and NUL
// bytes.
void appendValue(std::string& out, std::string_view value) {
  constexpr std::string_view kSpecial = "\\\"\n";
  std::size_t copied = 0;
  for (std::size_t i = value.find_first_of(kSpecial); i != std::string_view::npos;
       i = value.find_first_of(kSpecial, i)) {
    const char next = i + 1 < value.size() ? value[i + 1] : '\0';
    if (value[i] == '\\' && (next == '\\' || next == '"' || next == 'n')) {
      i += 2;
      continue;
    }
    out.append(value, copied, i - copied);
    out += '\\';
    out += value[i] == '\n' ? 'n' : value[i];
    copied = ++i;
  }
  out.append(value.substr(copied));
}

void appendQuoted(std::string& out, std::string_view text) {
  out += '"';
  appendValue(out, text);
  out += '"';
}

void appendLabel(std::string& out, const Label& label, const Output& output) {
  if (!label.quoted) {
    out.append(label.name);
  } else if (output.escaping == Escaping::AllowUtf8) {
    appendQuoted(out, label.name);
  } else {
    appendLabelName(out, unescapeName(label.name), output.escaping);
  }
  out += '=';
  appendQuoted(out, label.value);
}

}  // namespace

void appendName(std::string& out, std::string_view name, bool quoted, const Output& output) {
  if (!quoted) {
    out.append(name);
  } else if (output.escaping == Escaping::AllowUtf8) {
    appendQuoted(out, name);
  } else {
    appendMetricName(out, unescapeName(name), output.escaping);
  }
}

void appendSeries(std::string& out, const Sample& sample, const Output& output) {
  const bool inside = sample.quoted && output.escaping == Escaping::AllowUtf8;
  const bool braces = inside || !sample.inserted.empty() || !sample.labels.empty();
  if (!inside) appendName(out, sample.name, sample.quoted, output);
  if (!sample.text.empty() && !sample.quoted && !sample.quoted_labels) {
    out.append(sample.text);
    return;
  }
  if (!braces) return;
  out += '{';
  const char* comma = "";
  if (inside) {
    appendName(out, sample.name, sample.quoted, output);
    comma = ",";
  }
  if (!sample.inserted.empty()) {
    out.append(comma).append(sample.inserted, 0, sample.inserted.size() - 1);
    comma = ",";
  }
  for (const Label& label : sample.labels) {
    out += comma;
    appendLabel(out, label, output);
    comma = ",";
  }
  out += '}';
}

std::string_view appendSample(std::string& out, const Sample& sample, Syntax from,
                              const Output& output) {
  appendSeries(out, sample, output);
  const Line& line = sample.line;
  out += ' ';
  if (line.value.data() + line.value.size() + 1 == line.raw.data() + line.raw.size()) {
    out.append(line.value.data(), line.value.size() + 1);  // with its line end
    return {};
  }
  out += line.value;
  if (!line.timestamp.empty() && sample.keeps_timestamp) {
    out += ' ';
    if (from == output.syntax) {
      out += line.timestamp;
    } else if (from == Syntax::Text) {
      appendSeconds(out, line.timestamp);
    } else if (!appendMilliseconds(out, line.timestamp)) {
      return "a timestamp from 1970 on, because text allows no other";
    }
  }
  if (!line.exemplar.empty() && output.syntax == Syntax::OpenMetrics) {
    out.append(" # ").append(line.exemplar);
  }
  out += '\n';
  return {};
}

bool isCanonical(const Line& line) {
  const auto endOf = [](std::string_view text) { return text.data() + text.size(); };
  const char* at = line.raw.data();
  if (line.quoted || line.name.data() != at) return false;
  at = endOf(line.name);
  if (*at == '{') {
    for (const Label& label : line.labels) {
      const int quote = label.quoted ? 1 : 0;
      if (label.name.data() != at + 1 + quote) return false;
      if (label.value.data() != endOf(label.name) + quote + 2) return false;
      at = endOf(label.value) + 1;
      if (*at != ',' && *at != '}') return false;
    }
    if (line.labels.empty()) ++at;
    if (*at != '}') return false;
    ++at;
  }
  if (*at != ' ' || line.value.data() != at + 1) return false;
  at = endOf(line.value);
  if (!line.timestamp.empty()) {
    if (*at != ' ' || line.timestamp.data() != at + 1) return false;
    at = endOf(line.timestamp);
  }
  return *at == '\n';
}

}  // namespace postern::exposition
