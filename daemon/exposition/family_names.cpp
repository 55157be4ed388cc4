#include "exposition/family_names.h"

#include <initializer_list>

namespace postern::exposition {
namespace {

bool isOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (word == text) return true;
  }
  return false;
}

}  // namespace

bool belongs(Syntax syntax, std::string_view family, std::string_view type,
             std::string_view sample) {
  if (!sample.starts_with(family)) return false;
  const auto suffix = sample.substr(family.size());
  if (suffix.empty()) return true;
  if (type == "histogram") return isOneOf(suffix, {"_bucket", "_sum", "_count", "_created"});
  if (type == "summary") return isOneOf(suffix, {"_sum", "_count", "_created"});
  if (syntax == Syntax::Text) return false;
  if (type == "counter") return isOneOf(suffix, {"_total", "_created"});
  if (type == "gaugehistogram") return isOneOf(suffix, {"_bucket", "_gsum", "_gcount"});
  return type == "info" && suffix == "_info";
}

std::string_view hiddenSuffix(std::string_view type) {
  if (type == "counter") return "_total";
  if (type == "info") return "_info";
  return "";
}

std::string_view textType(std::string_view type) {
  if (isOneOf(type, {"info", "stateset"})) return "gauge";
  if (isOneOf(type, {"unknown", "gaugehistogram"})) return "untyped";
  return type;
}

OpenMetricsName openMetricsName(std::string_view name, std::string_view type) {
  if (type == "untyped") return {name, "unknown"};
  const auto suffix = hiddenSuffix(type);
  if (suffix.empty()) return {name, type};
  if (name.size() <= suffix.size() || !name.ends_with(suffix)) return {name, "unknown"};
  return {name.substr(0, name.size() - suffix.size()), type};
}

std::string quoteHelp(std::string_view help) {
  std::string out;
  out.reserve(help.size());
  for (std::size_t i = 0; i < help.size(); ++i) {
    const char c = help[i];
    // Text has two escapes. Any other backslash is a literal one.
    const bool escape =
        c == '\\' && i + 1 < help.size() && (help[i + 1] == '\\' || help[i + 1] == 'n');
    if (escape) {
      out += c;
      out += help[++i];
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string unquoteHelp(std::string_view help) {
  std::string out;
  out.reserve(help.size());
  for (std::size_t i = 0; i < help.size(); ++i) {
    if (help[i] == '\\' && i + 1 < help.size()) {
      ++i;
      if (help[i] != '"') out += '\\';
    }
    out += help[i];
  }
  return out;
}

}  // namespace postern::exposition
