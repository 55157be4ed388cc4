#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>

namespace postern::http {

// An IPv6 address, or an IPv4 one mapped into it.
using IpAddress = std::array<std::uint8_t, 16>;

IpAddress addressOf(const sockaddr_storage& peer);

}  // namespace postern::http
