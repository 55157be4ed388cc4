#pragma once

#include <string_view>

#include "base/result.h"

// Servers that accept any or no client certificate in the handshake, and then refuse the request of
// an unknown client. nginx does so with ssl_verify_client.
namespace postern::upstream {

// Whether an answer of this status may say in its body that the client certificate was refused.
bool saysWhyInItsBody(int status);
// Whether such an answer refuses the client certificate, or requires one. `body`: its beginning.
bool refusesClientCertificate(int status, std::string_view body);
// The fault Tls of such an answer. `shown`: a client certificate was sent.
Error clientRefusal(int status, std::string_view body, bool shown);

}  // namespace postern::upstream
