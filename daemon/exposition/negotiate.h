#pragma once

#include <string>
#include <string_view>

#include "exposition/output.h"

namespace postern::exposition {

// The form that an Accept header asks for (RFC 9110 section 12.5.1; Prometheus' docs,
// content_negotiation). What cannot be read, or asks for nothing that we write, gets text 0.0.4.
// `accept` is all of the request's Accept headers, joined by commas.
Output negotiate(std::string_view accept);

// The Content-Type of a page in this form.
std::string contentType(const Output& output);

// What we ask the guarded service for, so that as little as can be has to be converted.
std::string_view acceptFor(const Output& output);

}  // namespace postern::exposition
