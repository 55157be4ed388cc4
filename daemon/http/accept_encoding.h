#pragma once

#include "http/message.h"

namespace postern::http {

// Whether the client accepts gzip: RFC 9110 section 12.5.3. Quality 0 means no, and `*` covers
// codings that are not named. Without the header, or with an invalid quality: no.
bool acceptsGzip(const Headers& headers);

}  // namespace postern::http
