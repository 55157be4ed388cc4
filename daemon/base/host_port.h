#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

// Host and port of a URL's authority (RFC 3986 section 3.2). The views point into the text that was
// split. Does not check whether they are a valid host and a number.
struct HostPort {
  std::string_view host;  // without brackets; may be empty
  bool bracketed = false;
  std::optional<std::string_view> port;  // the text after the colon
};

// Splits "host", "host:port", "[v6]", "[v6]:port" and ":port". Nothing if a bracket is not closed,
// if anything other than a port follows it, or after an additional colon.
std::optional<HostPort> splitHostPort(std::string_view text);

// "name", "192.0.2.1" or "[2001:db8::1]".
std::string bracketedHost(std::string_view host);
// "host:port" or "[v6]:port".
std::string joinHostPort(std::string_view host, std::uint16_t port);

}  // namespace postern
