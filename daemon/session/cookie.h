#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "upstream/http_client.h"

// Cookies, as RFC 6265 reads, keeps and sends them.
namespace postern::session {

struct Cookie {
  std::string name;
  Secret value;        // may be empty
  std::string domain;  // in lower case: its Domain, else the host that set it
  std::string path;    // its Path, else the folder of the login
  // By Max-Age, else by Expires; none: not said.
  std::optional<std::chrono::milliseconds> life;
};

// Who set the cookies, and where they go.
struct CookieScope {
  std::string host;
  std::string login_path = "/";  // with a query or without one
  std::string page_path = "/";   // of the first page
};

// What the answer's Set-Cookie headers leave (section 5.3): one replaces an earlier one of the same
// name, domain and path, or removes it when its life is over. Expires counts from the answer's
// Date, else from `now`. A Domain of another host is kept: the cookie goes to nobody but that
// service.
std::vector<Cookie> readCookies(const upstream::Response& response, const CookieScope& scope,
                                SystemTime now);
// The one of that name that has a value: of several the one with the longest path that matches
// `page_path`, else the last one. Null: none.
const Cookie* findCookie(const std::vector<Cookie>& cookies, std::string_view name,
                         std::string_view page_path);
// "a=b; c=d" of those that match `path` (section 5.4) and live longer than `age`.
Secret writeCookies(const std::vector<Cookie>& cookies, std::string_view path,
                    std::chrono::milliseconds age);
// Adds them to the request's Cookie header; it gets one when it has none.
void addCookies(upstream::Request& request, const Secret& cookies);
// Whether it may stand in a header as it is (section 4.1.1), with quotes around it or without.
bool isCookieValue(std::string_view value);

}  // namespace postern::session
