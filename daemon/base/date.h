#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

// Dates of protocols: in UTC, in English and independent of the locale. Writing rounds a time down
// to whole seconds; reading ignores a fraction of a second.
namespace postern {

// RFC 3339 section 5.6: "2026-11-02T10:00:00Z".
std::string rfc3339(SystemTime time);
// RFC 9110 section 5.6.7, the preferred form: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string httpDate(SystemTime time);

// RFC 3339 and ISO 8601: with a T or a space, as in "2018-03-01 15:29:26+00:00".
// The zone is Z, UTC, GMT, +hh:mm, +hhmm or +hh; UTC without one.
std::optional<SystemTime> parseTimestamp(std::string_view text);
// Only the preferred form of RFC 9110.
std::optional<SystemTime> parseHttpDate(std::string_view text);
// RFC 6265 section 5.1.1: day, month, year and time in any order, with any text between them.
std::optional<SystemTime> parseCookieDate(std::string_view text);

}  // namespace postern
