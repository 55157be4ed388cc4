#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "config/target.h"
#include "upstream/http_client.h"

namespace postern::upstream {

// The bytes of a request in HTTP/1.1 (RFC 9112), wiped when they go. `target` is the path
// and query to ask for, which a redirect makes differ from request.path. GET asks for gzip
// unless the request has an Accept-Encoding of its own.
//
// Nothing can be smuggled in: what is no token, holds control characters or would frame the
// message otherwise is refused. Errors: Format, naming the field and never a value.
Result<Secret> writeRequest(const Request& request, const config::Url& url,
                            std::string_view target);

}  // namespace postern::upstream
