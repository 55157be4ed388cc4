#pragma once

#include <Poco/Net/ServerSocket.h>

#include <string>

#include "base/result.h"

namespace postern::http {

// A socket that listens on "host:port", "[v6]:port" or ":port" (IPv4 and IPv6, or only IPv4 if the
// kernel has no IPv6). Errors: Connect, with what to do about it.
Result<Poco::Net::ServerSocket> listenOn(const std::string& address);

}  // namespace postern::http
