#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "upstream/http_client.h"

// Parses, stores and sends cookies (RFC 6265).
namespace postern::session {

struct Cookie {
  std::string name;
  Secret value;        // may be empty
  std::string domain;  // lower case: its Domain, else the host that set it
  std::string path;    // its Path, else the folder of the login
  // from Max-Age, else from Expires; not set: unknown
  std::optional<std::chrono::milliseconds> life;
};

// Where the cookies come from, and where they are sent.
struct CookieScope {
  std::string host;
  std::string login_path = "/";  // may include a query
  std::string page_path = "/";   // path of the first page
};

// The cookies after the answer's Set-Cookie headers (section 5.3). A cookie replaces an earlier one
// of the same name, domain and path, or removes it when its life is over. Expires counts from the
// answer's Date, else from `now`. A Domain of another host is kept, because the cookie is sent only
// to that service.
std::vector<Cookie> readCookies(const upstream::Response& response, const CookieScope& scope,
                                SystemTime now);
// The cookie of that name that has a value. Of several it returns the one with the longest path
// that matches `page_path`, else the last one. Null if none matches.
const Cookie* findCookie(const std::vector<Cookie>& cookies, std::string_view name,
                         std::string_view page_path);
// "a=b; c=d" of the cookies that match `path` (section 5.4) and live longer than `age`.
Secret writeCookies(const std::vector<Cookie>& cookies, std::string_view path,
                    std::chrono::milliseconds age);
// Adds them to the request's Cookie header, or adds the header.
void addCookies(upstream::Request& request, const Secret& cookies);
// Whether the value may be in a header unchanged (section 4.1.1), with or without quotes.
bool isCookieValue(std::string_view value);

}  // namespace postern::session
