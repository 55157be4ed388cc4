#include "session/cookie.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/date.h"
#include "base/text.h"
#include "session/login.h"

namespace postern::session {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongestLife = std::chrono::hours(24 * 365 * 100);

// Removes the part up to the next `separator` and returns it without the separator.
std::string_view takeUntil(char separator, std::string_view& text) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// Section 5.2.2: ignores a text that is not a number. A life that is not positive is in the past.
std::optional<seconds> maxAge(std::string_view text) {
  seconds::rep age = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), age);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) return text[0] == '-' ? seconds(0) : kLongestLife;
  return std::clamp(seconds(age), seconds(0), kLongestLife);
}

struct Set {
  std::string_view name, value, domain, path;
  std::optional<seconds> max_age;
  std::optional<SystemTime> expires;
};

Set parseSetCookie(std::string_view text) {
  Set set;
  auto pair = takeUntil(';', text);
  if (pair.find('=') == pair.npos) return set;
  set.name = trimmed(takeUntil('=', pair));
  set.value = trimmed(pair);
  while (!text.empty()) {
    auto attribute = takeUntil(';', text);
    const auto name = trimmed(takeUntil('=', attribute));
    const auto value = trimmed(attribute);
    if (equalsIgnoringCase(name, "max-age")) {
      if (const auto age = maxAge(value)) set.max_age = age;
    } else if (equalsIgnoringCase(name, "expires")) {
      if (const auto date = parseCookieDate(value)) set.expires = date;
    } else if (equalsIgnoringCase(name, "domain")) {
      if (!value.empty()) set.domain = value;
    } else if (equalsIgnoringCase(name, "path")) {
      set.path = value;
    }
  }
  return set;
}

std::optional<milliseconds> lifeOf(const Set& set, SystemTime now) {
  if (set.max_age) return *set.max_age;
  if (!set.expires) return std::nullopt;
  return std::min(std::chrono::duration_cast<milliseconds>(*set.expires - now),
                  milliseconds(kLongestLife));
}

std::string_view withoutQuery(std::string_view path) {
  return path.substr(0, path.find('?'));
}

// Section 5.1.4.
std::string_view folderOf(std::string_view login_path) {
  const auto path = withoutQuery(login_path);
  const auto slash = path.rfind('/');
  return !path.starts_with('/') || slash == 0 ? "/" : path.substr(0, slash);
}

bool matches(std::string_view request_path, std::string_view cookie_path) {
  if (!request_path.starts_with(cookie_path)) return false;
  return request_path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
         request_path[cookie_path.size()] == '/';
}

Cookie cookieOf(const Set& set, const CookieScope& scope, SystemTime answered_at) {
  auto domain = set.domain.empty() ? std::string_view(scope.host) : set.domain;
  if (domain.starts_with('.')) domain.remove_prefix(1);
  const auto path = set.path.starts_with('/') ? set.path : folderOf(scope.login_path);
  return {std::string(set.name), Secret(set.value), lowered(domain), std::string(path),
          lifeOf(set, answered_at)};
}

}  // namespace

std::vector<Cookie> readCookies(const upstream::Response& response, const CookieScope& scope,
                                SystemTime now) {
  const auto answered_at = parseHttpDate(response.header("date")).value_or(now);
  std::vector<Cookie> cookies;
  for (const auto& [field, text] : response.headers) {
    if (field != "set-cookie") continue;
    const auto set = parseSetCookie(text);
    if (set.name.empty()) continue;
    auto cookie = cookieOf(set, scope, answered_at);
    const auto earlier = std::ranges::find_if(cookies, [&](const Cookie& other) {
      return other.name == cookie.name && other.domain == cookie.domain &&
             other.path == cookie.path;
    });
    const bool over = cookie.life && cookie.life->count() <= 0;
    if (earlier == cookies.end()) {
      if (!over) cookies.push_back(std::move(cookie));
    } else if (over) {
      cookies.erase(earlier);
    } else {
      *earlier = std::move(cookie);
    }
  }
  return cookies;
}

const Cookie* findCookie(const std::vector<Cookie>& cookies, std::string_view name,
                         std::string_view page_path) {
  const Cookie* found = nullptr;
  std::size_t longest = 0;  // longest path that matches
  for (const Cookie& cookie : cookies) {
    if (cookie.name != name || cookie.value.empty()) continue;
    const bool match = matches(withoutQuery(page_path), cookie.path);
    const auto length = match ? cookie.path.size() : 0;
    if (length < longest) continue;
    longest = length;
    found = &cookie;
  }
  return found;
}

Secret writeCookies(const std::vector<Cookie>& cookies, std::string_view path, milliseconds age) {
  std::vector<const Cookie*> sent;
  for (const Cookie& cookie : cookies) {
    const bool alive = !cookie.life || *cookie.life > age;
    const bool clean =
        !hasControlCharacter(cookie.name) && !hasControlCharacter(cookie.value.reveal());
    if (alive && clean && matches(withoutQuery(path), cookie.path)) sent.push_back(&cookie);
  }
  std::ranges::stable_sort(
      sent, [](const Cookie* a, const Cookie* b) { return a->path.size() > b->path.size(); });
  Secret text;
  for (const Cookie* cookie : sent) {
    if (!text.empty()) text.append("; ");
    text.append(cookie->name);
    text.append("=");
    text.append(cookie->value.reveal());
  }
  return text;
}

void addCookies(upstream::Request& request, const Secret& cookies) {
  if (cookies.empty()) return;
  const auto append = [&](Secret& value) {
    value.append("; ");
    value.append(cookies.reveal());
  };
  if (equalsIgnoringCase(request.secret_header, "cookie")) return append(request.secret_value);
  for (auto& [name, value] : request.secret_headers) {
    if (equalsIgnoringCase(name, "cookie")) return append(value);
  }
  request.secret_headers.emplace_back("Cookie", cookies);
}

bool isCookieValue(std::string_view value) {
  if (value.size() > 1 && value.starts_with('"') && value.ends_with('"')) {
    value = value.substr(1, value.size() - 2);
  }
  return std::ranges::all_of(value, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
  });
}

}  // namespace postern::session
