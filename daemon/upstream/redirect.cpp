#include "upstream/redirect.h"

#include <algorithm>
#include <vector>

#include "base/host_port.h"
#include "base/text.h"

namespace postern::upstream {
namespace {

// Whether `authority` is host and port of `url`, in any spelling. The host may also be the
// server_name that the request used instead: it goes to the same address.
bool isSameOrigin(const config::Url& url, std::string_view authority) {
  const auto parts = splitHostPort(authority);
  if (!parts || parts->port.value_or("443") != std::to_string(url.port)) return false;
  const bool named = !url.server_name.empty() && equalsIgnoringCase(parts->host, url.server_name);
  return named || equalsIgnoringCase(parts->host, url.host);
}

// RFC 3986 section 5.2.4.
std::string withoutDotSegments(std::string_view path) {
  std::vector<std::string_view> segments;
  bool folder = false;  // the result ends with a slash
  for (std::size_t start = 1; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto segment = path.substr(start, end - start);
    folder = segment == "." || segment == "..";
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!folder) segments.push_back(segment);
    start = end + 1;
  }
  std::string result;
  for (const auto segment : segments) result.append("/").append(segment);
  if (folder || result.empty()) result += '/';
  return result;
}

std::string cleaned(std::string_view target) {
  const auto query = std::min(target.find('?'), target.size());
  return withoutDotSegments(target.substr(0, query)) + std::string(target.substr(query));
}

}  // namespace

std::optional<std::string> redirectTarget(const config::Url& url, std::string_view current,
                                          std::string_view location) {
  location = location.substr(0, location.find('#'));
  if (location.empty()) return std::nullopt;
  const auto colon = location.find_first_of(":/?");
  if (colon != std::string_view::npos && location[colon] == ':') {
    if (!equalsIgnoringCase(location.substr(0, colon), "https")) return std::nullopt;
    location.remove_prefix(colon + 1);
    if (!location.starts_with("//")) return std::nullopt;
  }
  if (location.starts_with("//")) {
    location.remove_prefix(2);
    const auto end = std::min(location.find_first_of("/?"), location.size());
    if (!isSameOrigin(url, location.substr(0, end))) return std::nullopt;
    location.remove_prefix(end);
    if (!location.starts_with('/')) return std::string("/").append(location);
  }
  if (location.starts_with('/')) return cleaned(location);
  const auto path = current.substr(0, current.find('?'));
  if (location.starts_with('?')) return std::string(path) + std::string(location);
  return cleaned(std::string(path.substr(0, path.rfind('/') + 1)) + std::string(location));
}

}  // namespace postern::upstream
