#include <arpa/inet.h>

#include <algorithm>

#include "base/host_port.h"
#include "base/text.h"
#include "config/syntax.h"
#include "config/units.h"

namespace postern::config {
namespace {

bool isIpv6(std::string_view text) {
  in6_addr address{};
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool isName(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return isLetterOrDigit(c) || c == '.' || c == '-' || c == '_'; });
}

std::string partsMistake(const HostPort& parts, std::size_t least_port) {
  if (parts.bracketed && !isIpv6(parts.host)) {
    return "has no IPv6 address in its brackets, expected one like [::1]";
  }
  std::string wrong;
  if (parts.port && !readNumber(*parts.port, {least_port, 65535}, wrong)) {
    return "has an invalid port: " + wrong;
  }
  return {};
}

}  // namespace

std::string Url::authority() const {
  return joinHostPort(host, port);
}

namespace {

struct SplitUrl {
  Url url;  // without a path
  std::string_view rest;
};

std::optional<SplitUrl> splitUrl(std::string_view text, std::string& wrong) {
  constexpr std::string_view kScheme = "https://";
  const auto refuse = [&](std::string what) {
    wrong = std::move(what);
    return std::nullopt;
  };
  if (!equalsIgnoringCase(text.substr(0, kScheme.size()), kScheme)) {
    return refuse("does not begin with https://, expected a URL like https://localhost:443");
  }
  text.remove_prefix(kScheme.size());
  // A password may contain an unencoded slash, so an @ anywhere counts.
  if (text.find('@') != text.npos) {
    return refuse("holds a user or password, expected them in basic_auth or credentials");
  }
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  const auto parts = splitHostPort(text.substr(0, end));
  if (!parts) return refuse("has no valid host, expected host, host:port or [IPv6]:port");
  if (parts->host.empty()) return refuse("has no host, expected one like https://localhost:443");
  if (auto mistake = partsMistake(*parts, 1); !mistake.empty()) return refuse(mistake);
  if (!parts->bracketed && !isName(parts->host)) {
    return refuse("has no valid host, expected a name or an address");
  }
  SplitUrl split{Url{.host = std::string(parts->host), .path = {}}, text.substr(end)};
  if (parts->port) split.url.port = static_cast<std::uint16_t>(*parseNumber(*parts->port));
  return split;
}

}  // namespace

std::optional<Url> parseUrl(std::string_view text, std::string& wrong) {
  auto split = splitUrl(text, wrong);
  if (!split) return std::nullopt;
  auto path = split->rest;
  if (path.find('?') != path.npos) wrong = "holds a query, expected it in params";
  while (path.ends_with('/')) path.remove_suffix(1);
  if (wrong.empty() && !path.empty()) wrong = pathMistake(path, false);
  if (!wrong.empty()) return std::nullopt;
  split->url.path = path;
  return std::move(split->url);
}

std::optional<Url> parseEndpoint(std::string_view text, std::string& target, std::string& wrong) {
  auto split = splitUrl(text, wrong);
  if (!split) return std::nullopt;
  target = split->rest;
  if (!target.starts_with('/')) target.insert(0, "/");
  wrong = pathMistake(target, true);
  if (!wrong.empty()) return std::nullopt;
  return std::move(split->url);
}

std::string listenAddressMistake(std::string_view text) {
  constexpr std::string_view kExpected = ", expected host:port, [IPv6]:port or :port";
  const auto parts = splitHostPort(text);
  if (!parts) return "is not an address" + std::string(kExpected);
  if (!parts->port) return "has no port" + std::string(kExpected);
  if (auto mistake = partsMistake(*parts, 0); !mistake.empty()) return mistake;
  if (!parts->bracketed && !parts->host.empty() && !isName(parts->host)) {
    return "has no valid host" + std::string(kExpected);
  }
  return {};
}

std::string hostMistake(std::string_view text) {
  if (isName(text) || isIpv6(text)) return {};
  return "is not a host, expected a name or an address without a port";
}

}  // namespace postern::config
