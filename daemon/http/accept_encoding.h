#pragma once

#include "http/message.h"

namespace postern::http {

// Whether the client takes gzip: RFC 9110 section 12.5.3, with quality 0 as a no and `*`
// for what is not named. Without the header, or with a quality that cannot be read: no.
bool acceptsGzip(const Headers& headers);

}  // namespace postern::http
