#include "exposition/negotiate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "base/text.h"
#include "exposition/media_type.h"

namespace postern::exposition {
namespace {

constexpr std::string_view kTextType = "text/plain";
constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";

// Removes the text before the first `separator` outside of quotes from `rest` and returns it.
std::string_view cut(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    const char c = rest[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      break;
    }
  }
  const std::string_view piece = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return trimmed(piece, kWhiteSpace);
}

// No known value needs an escape within its quotes.
std::string_view withoutQuotes(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return value;
  return value.substr(1, value.size() - 2);
}

double qualityOf(std::string_view text) {
  double quality = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quality);
  if (error != std::errc() || end != text.data() + text.size() || !(quality < 1)) return 1;
  return std::max(quality, 0.0);
}

Escaping escapingOf(std::string_view text) {
  if (equalsIgnoringCase(text, "allow-utf-8")) return Escaping::AllowUtf8;
  if (equalsIgnoringCase(text, "dots")) return Escaping::Dots;
  if (equalsIgnoringCase(text, "values")) return Escaping::Values;
  return Escaping::Underscores;
}

// One element of the header.
struct Range {
  std::string_view type;
  std::string_view version;
  double quality = 1;
  Escaping escaping = Escaping::Underscores;
};

Range readRange(std::string_view element) {
  Range range;
  range.type = cut(element, ';');
  while (!element.empty()) {
    std::string_view value = cut(element, ';');
    const std::string_view name = cut(value, '=');
    value = withoutQuotes(trimmed(value, kWhiteSpace));
    if (equalsIgnoringCase(name, "q")) {
      range.quality = qualityOf(value);
    } else if (equalsIgnoringCase(name, "version")) {
      range.version = value;
    } else if (equalsIgnoringCase(name, "escaping")) {
      range.escaping = escapingOf(value);
    }
  }
  return range;
}

// A supported format, and the narrowest matching range so far.
struct Form {
  Syntax syntax;
  bool version_1;
  std::string_view version;
  std::optional<Range> range = std::nullopt;
  int narrowness = 0;
  std::size_t position = 0;  // of the range in the header
};

// How narrow the range is, or 0 when it does not match the format.
int narrownessOf(const Range& range, const Form& form) {
  constexpr int kWildcards = 1;
  constexpr int kWildcard = 2;
  constexpr int kType = 3;
  constexpr int kVersion = 4;
  const bool text = form.syntax == Syntax::Text;
  const bool versioned = !range.version.empty();
  if (versioned ? !equalsIgnoringCase(range.version, form.version) : form.version_1) return 0;
  if (range.type == "*" || range.type == "*/*") return kWildcards;
  if (equalsIgnoringCase(range.type, text ? "text/*" : "application/*")) return kWildcard;
  if (!equalsIgnoringCase(range.type, text ? kTextType : kOpenMetricsType)) return 0;
  return versioned ? kVersion : kType;
}

// Whether the range of `a` prefers it more than the range of `b` prefers `b`.
bool isBetter(const Form& a, const Form& b) {
  if (a.range->quality != b.range->quality) return a.range->quality > b.range->quality;
  constexpr int kNarrow = 3;
  if (std::min(a.narrowness, kNarrow) != std::min(b.narrowness, kNarrow)) {
    return a.narrowness > b.narrowness;
  }
  return a.position < b.position;
}

std::string_view nameOf(Escaping escaping) {
  switch (escaping) {
    case Escaping::AllowUtf8: return "allow-utf-8";
    case Escaping::Dots: return "dots";
    case Escaping::Values: return "values";
    case Escaping::Underscores: break;
  }
  return "underscores";
}

}  // namespace

Output negotiate(std::string_view accept) {
  // Where the header expresses no preference, the first one wins.
  std::array<Form, 4> forms = {{{Syntax::Text, false, "0.0.4"},
                                {Syntax::Text, true, "1.0.0"},
                                {Syntax::OpenMetrics, false, "0.0.1"},
                                {Syntax::OpenMetrics, true, "1.0.0"}}};
  for (std::size_t position = 0; !accept.empty(); ++position) {
    const Range range = readRange(cut(accept, ','));
    for (Form& form : forms) {
      const int narrowness = narrownessOf(range, form);
      if (narrowness <= form.narrowness) continue;
      form.range = range;
      form.narrowness = narrowness;
      form.position = position;
    }
  }
  const Form* best = nullptr;
  for (const Form& form : forms) {
    if (!form.range || form.range->quality <= 0) continue;
    if (best == nullptr || isBetter(form, *best)) best = &form;
  }
  if (best == nullptr) return {};
  Output output{.syntax = best->syntax, .version_1 = best->version_1, .escaping = {}};
  const Escaping escaping = best->range->escaping;
  const bool allowed = best->version_1 || escaping != Escaping::AllowUtf8;
  output.escaping = allowed ? escaping : Escaping::Underscores;
  return output;
}

std::string contentType(const Output& output) {
  const bool text = output.syntax == Syntax::Text;
  const std::string_view old = text ? "0.0.4" : "0.0.1";
  std::string type(text ? kTextType : kOpenMetricsType);
  type.append("; version=").append(output.version_1 ? "1.0.0" : old).append("; charset=utf-8");
  if (output.version_1 || output.escaping != Escaping::Underscores) {
    type.append("; escaping=").append(nameOf(output.escaping));
  }
  return type;
}

std::string_view acceptFor(const Output& output) {
  if (output.syntax == Syntax::Text) {
    return "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.9,text/plain;version=0.0.4;q=0.8,"
           "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
           "application/openmetrics-text;version=0.0.1;q=0.4,*/*;q=0.1";
  }
  return "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.9,"
         "application/openmetrics-text;version=0.0.1;q=0.8,"
         "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,"
         "*/*;q=0.1";
}

}  // namespace postern::exposition
