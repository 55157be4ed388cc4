#include "exposition/media_type.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/text.h"

namespace postern::exposition {
namespace {

void skipBlanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kWhiteSpace), rest.size()));
}

bool skip(std::string_view& rest, char c) {
  skipBlanks(rest);
  if (rest.empty() || rest[0] != c) return false;
  rest.remove_prefix(1);
  skipBlanks(rest);
  return true;
}

// By RFC 2045 section 5.1, like Go, not by RFC 9110.
bool isTokenChar(char c) {
  return c > ' ' && c < 0x7f &&
         std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

std::string_view takeToken(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), isTokenChar);
  const auto token = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(token.size());
  return token;
}

// The quoted text with its quotes and escapes. Not set when it is not closed.
std::optional<std::string_view> takeQuoted(std::string_view& rest) {
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '\r' || rest[at] == '\n') break;
    if (rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      const auto quoted = rest.substr(0, at + 1);
      rest.remove_prefix(quoted.size());
      return quoted;
    }
  }
  return std::nullopt;
}

using Parameter = std::pair<std::string_view, std::string_view>;

// A parameter and the semicolon before it.
std::optional<Parameter> takeParameter(std::string_view& rest) {
  if (!skip(rest, ';')) return std::nullopt;
  const auto name = takeToken(rest);
  if (name.empty() || !skip(rest, '=')) return std::nullopt;
  if (!rest.starts_with('"')) {
    const auto value = takeToken(rest);
    return value.empty() ? std::nullopt : std::optional(Parameter(name, value));
  }
  const auto quoted = takeQuoted(rest);
  if (!quoted) return std::nullopt;
  return Parameter(name, quoted->substr(1, quoted->size() - 2));
}

bool areParameters(std::string_view rest) {
  std::vector<Parameter> seen;
  while (rest.find_first_not_of(kWhiteSpace) != std::string_view::npos) {
    const auto last = trimmed(rest, kWhiteSpace);
    const auto parameter = takeParameter(rest);
    if (!parameter) return last == ";";
    for (const auto& [name, value] : seen) {
      if (equalsIgnoringCase(name, parameter->first) && value != parameter->second) return false;
    }
    seen.push_back(*parameter);
  }
  return true;
}

}  // namespace

std::optional<std::string_view> readMediaType(std::string_view content_type) {
  const std::size_t semicolon = std::min(content_type.find(';'), content_type.size());
  const auto type = trimmed(content_type.substr(0, semicolon), kWhiteSpace);
  auto rest = type;
  if (takeToken(rest).empty()) return std::nullopt;
  if (!rest.empty()) {
    if (rest[0] != '/') return std::nullopt;
    rest.remove_prefix(1);
    if (takeToken(rest).empty() || !rest.empty()) return std::nullopt;
  }
  if (!areParameters(content_type.substr(semicolon))) return std::nullopt;
  return type;
}

}  // namespace postern::exposition
