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

// The format that has `key` in this list of its keys; null: none.
const JsonFormat* formatWith(std::string_view key, config::JsonFormats formats,
                             std::span<const std::string_view> JsonFormat::*keys) {
  const auto found = std::ranges::find_if(
      formats, [&](const auto* format) { return std::ranges::count(format->*keys, key) > 0; });
  return found == formats.end() ? nullptr : *found;
}

// Null: nothing shows the format.
const JsonFormat* formatOfObject(std::string_view begin, config::JsonFormats formats) {
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
      const JsonFormat* format = nullptr;
      if (depth == kTop) format = formatWith(*text, formats, &JsonFormat::top_keys);
      if (depth == kField && in_metrics)
        format = formatWith(*text, formats, &JsonFormat::metric_fields);
      if (format != nullptr) return format;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    begin.remove_prefix(1);
  }
  return nullptr;
}

}  // namespace

std::optional<PageFormat> formatOf(std::string_view content_type) {
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

bool looksLikeJson(std::string_view begin) {
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  return isObject(begin);
}

PageFormat detect(std::string_view content_type, std::string_view begin,
                  config::JsonFormats formats) {
  if (const auto named = formatOf(content_type)) return *named;
  if (formats.empty() || !looksLikeJson(begin)) return Format::Text;
  const JsonFormat* shown = formatOfObject(begin, formats);
  return shown == nullptr ? *formats.front() : *shown;
}

}  // namespace postern::exposition
