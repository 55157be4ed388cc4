#include "base/metric_text.h"

#include <algorithm>

#include "base/text.h"

namespace postern {
namespace {

bool isLabelCharacter(char c) {
  return isLetterOrDigit(c) || c == '_';
}

bool isMetricCharacter(char c) {
  return isLabelCharacter(c) || c == ':';
}

std::string escape(std::string_view text, std::string_view escaped) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (escaped.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out += '\\';
      out += c == '\n' ? 'n' : c;
    }
  }
  return out;
}

}  // namespace

bool isPlainMetricName(std::string_view name) {
  return !name.empty() && !isDigit(name[0]) && std::ranges::all_of(name, isMetricCharacter);
}

bool isPlainLabelName(std::string_view name) {
  return !name.empty() && !isDigit(name[0]) && std::ranges::all_of(name, isLabelCharacter);
}

std::string escapeLabelValue(std::string_view value) {
  return escape(value, "\\\"\n");
}

std::string escapeHelp(std::string_view help) {
  return escape(help, "\\\n");
}

std::string unescapeName(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char next = text[i + 1];
      if (next == 'n' || next == '"' || next == '\\') {
        out += next == 'n' ? '\n' : next;
        ++i;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace postern
