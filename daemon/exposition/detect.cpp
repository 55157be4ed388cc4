#include "exposition/detect.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"
#include "exposition/media_type.h"

namespace postern::exposition {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kJsonBlanks = " \t\r\n";

void skipJsonBlanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kJsonBlanks), rest.size()));
}

// The text between the quotes, with its escapes. Not set when the text ends before the string.
std::optional<std::string_view> takeString(std::string_view& rest) {
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      const auto text = rest.substr(1, at - 1);
      rest.remove_prefix(at + 1);
      return text;
    }
  }
  return std::nullopt;
}

bool isObject(std::string_view rest) {
  skipJsonBlanks(rest);
  if (!rest.starts_with('{')) return false;
  rest.remove_prefix(1);
  skipJsonBlanks(rest);
  if (!rest.starts_with('"')) return rest.starts_with('}');
  if (!takeString(rest)) return false;
  skipJsonBlanks(rest);
  return rest.starts_with(':');
}

std::optional<Format> formatOfTopKey(std::string_view key) {
  if (key == "health") return Format::WhatsappHealth;
  if (key == "stats") return Format::WhatsappJson;
  if (key == "applicationName") return Format::SpectatorJson;
  return std::nullopt;
}

// The format that a field of metrics.<name> indicates.
std::optional<Format> formatOfField(std::string_view key) {
  if (key == "kind" || key == "values") return Format::SpectatorJson;
  if (key == "type" || key == "data" || key == "help") return Format::WhatsappJson;
  return std::nullopt;
}

Format formatOfObject(std::string_view begin) {
  constexpr std::size_t kTop = 1;
  constexpr std::size_t kField = 3;
  std::size_t depth = 0;
  bool in_metrics = false;
  while (!begin.empty()) {
    const char c = begin[0];
    if (c == '"') {
      const auto text = takeString(begin);
      if (!text) break;
      skipJsonBlanks(begin);
      if (!begin.starts_with(':')) continue;
      if (depth == kTop) in_metrics = *text == "metrics";
      const auto format = depth == kTop                   ? formatOfTopKey(*text)
                          : depth == kField && in_metrics ? formatOfField(*text)
                                                          : std::nullopt;
      if (format) return *format;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    begin.remove_prefix(1);
  }
  return Format::WhatsappJson;
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

bool isProtobuf(std::string_view content_type) {
  const auto type = readMediaType(content_type);
  return type && equalsIgnoringCase(*type, "application/vnd.google.protobuf");
}

std::optional<Format> jsonFormat(std::string_view begin) {
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  return isObject(begin) ? std::optional(formatOfObject(begin)) : std::nullopt;
}

Format detect(std::string_view content_type, std::string_view begin) {
  if (const auto named = formatOf(content_type)) return *named;
  return jsonFormat(begin).value_or(Format::Text);
}

}  // namespace postern::exposition
