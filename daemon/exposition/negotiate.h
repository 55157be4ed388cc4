#pragma once

#include <string>
#include <string_view>

#include "exposition/output.h"

namespace postern::exposition {

// The format that an Accept header prefers (RFC 9110 section 12.5.1; Prometheus' docs,
// content_negotiation). An invalid header, or one without a supported format, gets text 0.0.4.
// `accept` is all of the request's Accept headers, joined by commas.
//
// - The versions 1.0.0 are only for clients that name them. A range without a version means text
//   0.0.4 or OpenMetrics 0.0.1, like in prometheus/common's expfmt. An unknown version matches
//   nothing.
// - The narrowest range that matches a format decides its quality; 0 excludes it. Of equal
//   qualities a range without a * wins, then the first one.
// - A quality above 1 is 1, one below 0 is 0, and one that is not a number is ignored. If a
//   parameter appears twice, the last one counts.
// - An escaping that is unknown, missing, or allow-utf-8 without a version 1.0.0, is underscores.
// Time is linear in the header's length. No memory is allocated.
Output negotiate(std::string_view accept);

// The Content-Type of a page in this format. It has `escaping=` for the versions 1.0.0 and for any
// escaping except underscores, so that the one of text 0.0.4 never changes.
std::string contentType(const Output& output);

// The Accept header for the guarded service, which minimizes conversion: the output's own syntax
// first. It always requests unescaped names, so that rules see the same ones for every scraper. The
// view is static.
std::string_view acceptFor(const Output& output);

}  // namespace postern::exposition
