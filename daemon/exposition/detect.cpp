#include "exposition/detect.h"

#include <algorithm>
#include <cstddef>

#include "base/token.h"
#include "exposition/json_begin.h"
#include "exposition/media_type.h"

namespace postern::exposition {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// What only one of the two line languages has.
struct Signs {
  bool openmetrics = false;  // the text parser refuses it
  bool comments = false;     // UNIT and EOF: plain comments for the text parser
  bool text = false;         // OpenMetrics refuses it
};

// Whether the type that a TYPE line names is known to one of the two alone.
void judgeType(std::string_view line, Signs& signs) {
  const std::string_view type = line.substr(line.rfind(' ') + 1);
  for (const std::string_view known : {"unknown", "info", "stateset", "gaugehistogram"}) {
    if (type == known) signs.openmetrics = true;
  }
  if (type == "untyped") signs.text = true;
}

void judgeComment(std::string_view line, bool last, Signs& signs) {
  if (line.starts_with("# TYPE ")) return judgeType(line, signs);
  if (line.starts_with("# HELP ")) return;
  // "# EOF" that is not the last line is a comment like any other.
  if (line.starts_with("# UNIT ") || (line == "# EOF" && last)) {
    signs.comments = true;
  } else {
    signs.text = true;
  }
}

void judgeSample(std::string_view line, Signs& signs) {
  bool quoted = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == '\t') {
      signs.text = true;
    } else if (!quoted && c == ' ') {
      const std::string_view rest = line.substr(at);
      if (rest.starts_with(" # {")) {
        signs.openmetrics = true;
        return;
      }
      if (rest.starts_with("  ")) signs.text = true;
    }
  }
}

// A line that is cut off is not judged, but for an EOF without its line end.
Signs judgeLines(std::string_view text) {
  Signs signs;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      if (text == "# EOF") signs.comments = true;
      break;
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) {
      signs.text = true;
    } else if (line[0] == '#') {
      judgeComment(line, text.empty(), signs);
    } else {
      judgeSample(line, signs);
    }
  }
  return signs;
}

}  // namespace

std::string_view formatName(Format format) {
  switch (format) {
    case Format::Text: break;
    case Format::OpenMetrics: return "openmetrics";
    case Format::WhatsappJson: return "whatsapp_json";
    case Format::WhatsappHealth: return "whatsapp_health";
    case Format::SpectatorJson: return "spectator_json";
  }
  return "text";
}

std::optional<Format> formatOf(std::string_view content_type) {
  const auto type = readMediaType(content_type);
  if (!type) return std::nullopt;
  if (equalsIgnoringCase(*type, "text/plain")) return Format::Text;
  if (equalsIgnoringCase(*type, "application/openmetrics-text")) return Format::OpenMetrics;
  return std::nullopt;
}

Format detect(std::string_view content_type, std::string_view begin) {
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  if (const auto json = jsonFormat(begin)) return *json;
  if (withoutBlanks(begin).starts_with('<')) return Format::Text;
  const Signs signs = judgeLines(begin);
  if (signs.openmetrics) return Format::OpenMetrics;
  if (signs.text) return Format::Text;
  if (const auto named = formatOf(content_type)) return *named;
  return signs.comments ? Format::OpenMetrics : Format::Text;
}

}  // namespace postern::exposition
