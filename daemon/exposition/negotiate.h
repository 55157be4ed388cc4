#pragma once

#include <string>
#include <string_view>

#include "exposition/output.h"

namespace postern::exposition {

// The form that an Accept header asks for (RFC 9110 section 12.5.1; Prometheus' docs,
// content_negotiation). What cannot be read, or asks for nothing that we write, gets text 0.0.4.
// `accept` is all of the request's Accept headers, joined by commas.
//
// - The versions 1.0.0 are for those who name them: a range without a version means text 0.0.4
//   or OpenMetrics 0.0.1, as for prometheus/common's expfmt; an unknown version matches nothing.
// - The narrowest range that matches a form decides its quality; 0 excludes it. Of equal qualities
//   a range without a * wins, then the one that stands first.
// - A quality above 1 is 1, one below 0 is 0, and one that is no number counts as not given. Of a
//   parameter that stands twice the last one holds.
// - An escaping that is unknown, missing, or allow-utf-8 without a version 1.0.0, is underscores.
// Time is linear in the header's length; no memory is allocated.
Output negotiate(std::string_view accept);

// The Content-Type of a page in this form. `escaping=` is there for the versions 1.0.0 and for any
// escaping but underscores, so that text 0.0.4 reads as it always did.
std::string contentType(const Output& output);

// What we ask the guarded service for, so that as little as can be has to be converted: the
// output's own syntax first. Names are always asked for unescaped, so that rules see the same ones
// whoever scrapes. The view is static.
std::string_view acceptFor(const Output& output);

}  // namespace postern::exposition
