#include "base/host_port.h"

#include <algorithm>

namespace postern {

std::optional<HostPort> splitHostPort(std::string_view text) {
  HostPort parts;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == text.npos) return std::nullopt;
    parts.host = text.substr(1, close - 1);
    parts.bracketed = true;
    rest = text.substr(close + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    parts.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (rest.empty()) return parts;
  if (rest.front() != ':' || rest.find(':', 1) != rest.npos) return std::nullopt;
  parts.port = rest.substr(1);
  return parts;
}

std::string bracketedHost(std::string_view host) {
  if (host.find(':') == host.npos) return std::string(host);
  return "[" + std::string(host) + "]";
}

std::string joinHostPort(std::string_view host, std::uint16_t port) {
  return bracketedHost(host) + ":" + std::to_string(port);
}

}  // namespace postern
