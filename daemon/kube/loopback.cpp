#include "kube/loopback.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"

namespace postern::kube {
namespace {

constexpr std::array<std::string_view, 3> kLoopbackNames = {"localhost", "ip6-localhost",
                                                            "ip6-loopback"};
constexpr std::string_view kBelow = ".localhost";  // RFC 6761, 6.3

bool isLoopbackV4(std::uint32_t address) {
  constexpr std::uint32_t kNetwork = 127;
  return address == INADDR_ANY || address >> 24U == kNetwork;
}

bool isLoopbackAddress(const std::string& host) {
  in_addr v4{};
  if (::inet_aton(host.c_str(), &v4) != 0) return isLoopbackV4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    const auto* const bytes = &v6.s6_addr[12];
    std::uint32_t mapped = 0;
    for (int i = 0; i < 4; ++i) mapped = mapped << 8U | bytes[i];
    return isLoopbackV4(mapped);
  }
  return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6);
}

bool isLoopbackName(std::string_view host) {
  const auto is = [&](std::string_view name) { return equalsIgnoringCase(host, name); };
  return std::ranges::any_of(kLoopbackNames, is) ||
         (host.size() > kBelow.size() &&
          equalsIgnoringCase(host.substr(host.size() - kBelow.size()), kBelow));
}

bool isAliasOfLoopback(const Json& pod, std::string_view host) {
  const auto is_host = [&](const Json& name) {
    return name.is_string() && equalsIgnoringCase(name.get<std::string>(), host);
  };
  return std::ranges::any_of(findList(pod, {"spec", "hostAliases"}), [&](const Json& alias) {
    return isLoopbackAddress(std::string(findText(alias, {"ip"}))) &&
           std::ranges::any_of(findList(alias, {"hostnames"}), is_host);
  });
}

}  // namespace

bool isLoopback(const Json& pod, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  // inet_aton() stops at a space or a null byte. A host of a URL contains neither.
  return isLoopbackName(host) || isLoopbackAddress(std::string(host)) ||
         isAliasOfLoopback(pod, host);
}

}  // namespace postern::kube
