#pragma once

#include <string_view>

#include "base/result.h"

// Servers that take any client certificate, or none, in the handshake, and refuse the request of
// whom they do not know: nginx does with ssl_verify_client.
namespace postern::upstream {

// Whether an answer of this status may say in its body that our certificate was refused.
bool saysWhyInItsBody(int status);
// Whether such an answer refuses our client certificate, or wants one. `body`: the begin of it.
bool refusesClientCertificate(int status, std::string_view body);
// The fault Tls of such an answer; `shown`: we have a client certificate.
Error clientRefusal(int status, std::string_view body, bool shown);

}  // namespace postern::upstream
