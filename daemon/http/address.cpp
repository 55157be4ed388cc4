#include "http/address.h"

#include <netinet/in.h>

#include <algorithm>

namespace postern::http {

IpAddress addressOf(const sockaddr_storage& peer) {
  IpAddress address{};
  if (peer.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&v6.sin6_addr), 16, address.begin());
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
    address[10] = address[11] = 0xFF;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), 4, address.begin() + 12);
  }
  return address;
}

}  // namespace postern::http
