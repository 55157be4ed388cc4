#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "upstream/exchange.h"

// The cookies of an answer, as RFC 6265 section 5.2 reads them.
namespace postern::session {

struct Cookie {
  Secret value;
  std::optional<std::chrono::milliseconds> life;  // by Max-Age, else by Expires; none: not said
};

// What the answer's last Set-Cookie of that name leaves; none when there is none, its value is
// empty or it deletes the cookie (its life is over). Expires counts from the answer's Date, else
// from `now`. Domain and Path do not count: the cookie goes to the pages of the same service.
std::optional<Cookie> readCookie(const upstream::Response& response, std::string_view name,
                                 SystemTime now);
// Whether it may stand in a header as it is (section 4.1.1), with quotes around it or without.
bool isCookieValue(std::string_view value);

}  // namespace postern::session
