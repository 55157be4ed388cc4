#include "config/syntax.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/printable.h"
#include "base/text.h"
#include "base/token.h"

namespace postern::config {
namespace {

// Headers that postern itself or HTTP's framing sets. Authorization comes from credentials.
constexpr std::array<std::string_view, 22> kReservedHeaders = {
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Expect",
    "Host",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Www-Authenticate",
    "X-Prometheus-Scrape-Timeout-Seconds",
    "If-None-Match"};

bool consistsOf(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return isLetterOrDigit(c) || others.find(c) != std::string_view::npos;
  });
}

std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", printable(text, 64));
}

}  // namespace

std::string targetNameMistake(std::string_view text) {
  if (!text.empty() && text.size() <= 63 && consistsOf(text, "._-")) return {};
  return quoted(text) + " is not a target's name, expected 1 to 63 of A-Z a-z 0-9 . _ -";
}

// The driver puts these into a connection string, which cannot quote a semicolon.
std::string databaseNameMistake(std::string_view text) {
  const bool spaced = text.front() == ' ' || text.back() == ' ';
  if (!spaced && text.find(';') == text.npos) return {};
  return "holds a semicolon or an outer space, expected a name without them";
}

std::string databaseQueryMistake(std::string_view text) {
  if (std::count(text.begin(), text.end(), '?') == 1) return {};
  return "does not hold exactly one ?, expected it where the target's name belongs";
}

std::string spiffeIdMistake(std::string_view text) {
  constexpr std::string_view kScheme = "spiffe://";
  constexpr std::size_t kLongest = 2048;
  constexpr std::string_view kMistake =
      "is not a SPIFFE ID, expected one like spiffe://example.org/billing";
  if (!text.starts_with(kScheme) || text.size() > kLongest) return std::string(kMistake);
  text.remove_prefix(kScheme.size());
  const auto slash = std::min(text.find('/'), text.size());
  const auto domain = text.substr(0, slash);
  const bool small = std::none_of(domain.begin(), domain.end(), isUpperCase);
  if (domain.empty() || domain.size() > 255 || !small || !consistsOf(domain, ".-_")) {
    return std::string(kMistake);
  }
  for (auto path = text.substr(slash); !path.empty();) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, end);
    if (segment.empty() || segment == "." || segment == ".." || !consistsOf(segment, ".-_")) {
      return std::string(kMistake);
    }
    path.remove_prefix(end);
  }
  return {};
}

std::string pathMistake(std::string_view text, bool query_allowed) {
  if (!text.starts_with('/')) return "does not begin with a slash, expected a path like /metrics";
  const auto foreign =
      std::find_if(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; });
  if (foreign != text.end()) {
    return "holds a space or a byte that is not ASCII, expected it percent-encoded";
  }
  if (text.find('#') != std::string_view::npos) return "holds a fragment, expected none";
  if (!query_allowed && text.find('?') != std::string_view::npos) {
    return "holds a query, expected it in params";
  }
  return {};
}

std::string cookieNameMistake(std::string_view text) {
  if (token(text)) return {};
  return quoted(text) + " is not a cookie's name, expected one like sid";
}

std::string headerNameMistake(std::string_view text) {
  if (token(text)) return {};
  return quoted(text) + " is not a header's name, expected one like X-Token";
}

std::string ownHeaderNameMistake(std::string_view text) {
  const auto reserved = std::any_of(kReservedHeaders.begin(), kReservedHeaders.end(),
                                    [&](auto name) { return equalsIgnoringCase(name, text); });
  if (equalsIgnoringCase(text, "Authorization")) {
    return "is reserved, expected authorization, basic_auth or credentials instead";
  }
  if (reserved) return "is reserved, expected a header that postern does not set itself";
  return headerNameMistake(text);
}

std::string jsonPointerMistake(std::string_view text) {
  if (!text.starts_with('/')) {
    return "does not begin with a slash, expected a JSON pointer like /users/0/token";
  }
  for (auto at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) {
      return "holds a ~ alone, expected ~0 (for ~) or ~1 (for /)";
    }
  }
  return {};
}

std::string sendAsMistake(std::string_view text) {
  constexpr std::string_view kExpected = "expected one like \"Authorization: Bearer {{token}}\"";
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    return "is not a header, " + std::string(kExpected);
  }
  const auto name = text.substr(0, colon);
  if (auto wrong = headerNameMistake(name); !wrong.empty()) return wrong;
  if (!equalsIgnoringCase(name, "Authorization")) {
    if (auto wrong = ownHeaderNameMistake(name); !wrong.empty()) return wrong;
  }
  const auto value = text.substr(colon + 1);
  if (auto wrong = placeholderMistake(value, {"token"}); !wrong.empty()) return wrong;
  const auto first = value.find("{{token}}");
  if (first == std::string_view::npos || value.find("{{token}}", first + 1) != value.npos) {
    return "does not hold {{token}} once, " + std::string(kExpected);
  }
  return {};
}

std::string placeholderMistake(std::string_view text,
                               const std::vector<std::string_view>& allowed) {
  std::string known;
  for (const auto name : allowed) {
    known += fmt::format("{}{}}}}}", known.empty() ? "{{" : " or {{", name);
  }
  for (auto open = text.find("{{"); open != text.npos; open = text.find("{{", open + 2)) {
    const auto close = text.find("}}", open);
    if (close == text.npos) return "holds {{ without }}, expected " + known;
    const auto name = text.substr(open + 2, close - open - 2);
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return fmt::format("holds the unknown placeholder {{{{{}}}}}, expected {}",
                         printable(name, 40), known);
    }
  }
  return {};
}

}  // namespace postern::config
