#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"
#include "upstream/http_client.h"

namespace postern::upstream {

// The bytes of an HTTP/1.1 request (RFC 9112), wiped on destruction. `target` is the requested path
// and query, which differs from request.path after a redirect. GET accepts gzip unless the request
// has an Accept-Encoding of its own.
//
// Refuses everything that could smuggle a request: an invalid token, control characters, or fields
// that frame the message. Errors: Format, with the field and never a value.
Result<Secret> writeRequest(const Request& request, const config::Url& url,
                            std::string_view target);

}  // namespace postern::upstream
