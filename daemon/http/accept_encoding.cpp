#include "http/accept_encoding.h"

#include <optional>

#include "base/text.h"
#include "base/token.h"

namespace postern::http {
namespace {

// RFC 9110 section 12.4.2: "0.5", "1", "0.000".
bool positiveQuality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return false;
  if (text.size() > 1 && text[1] != '.') return false;
  const auto fraction = text.substr(std::min<std::size_t>(text.size(), 2));
  if (fraction.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const bool zero_fraction = fraction.find_first_not_of('0') == std::string_view::npos;
  return text[0] == '1' ? zero_fraction : !zero_fraction;
}

bool wanted(std::string_view parameters) {
  parameters = trimmed(parameters);
  if (parameters.empty()) return true;
  if (parameters.size() < 2 || !equalsIgnoringCase(parameters.substr(0, 2), "q=")) return false;
  return positiveQuality(parameters.substr(2));
}

}  // namespace

bool acceptsGzip(const Headers& headers) {
  std::optional<bool> gzip;
  std::optional<bool> any;
  for (const auto& [name, value] : headers) {
    if (name != "accept-encoding") continue;
    forEachElement(value, [&](std::string_view element) {
      const auto semicolon = std::min(element.find(';'), element.size());
      const auto coding = trimmed(element.substr(0, semicolon));
      const auto parameters = element.substr(std::min(semicolon + 1, element.size()));
      if (equalsIgnoringCase(coding, "gzip") || equalsIgnoringCase(coding, "x-gzip")) {
        gzip = wanted(parameters);
      } else if (coding == "*") {
        any = wanted(parameters);
      }
    });
  }
  return gzip.value_or(any.value_or(false));
}

}  // namespace postern::http
