#include "session/cookie.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "session/login.h"

namespace postern::session {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongestLife = std::chrono::hours(24 * 365 * 100);

std::string_view trimmed(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// The part before the next `separator`, taken off the front with it.
std::string_view takeUntil(char separator, std::string_view& text) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool named(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

// Section 5.2.2: what is no number does not count, and one that is not positive is in the past.
std::optional<seconds> maxAge(std::string_view text) {
  seconds::rep age = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), age);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) return text[0] == '-' ? seconds(0) : kLongestLife;
  return std::clamp(seconds(age), seconds(0), kLongestLife);
}

struct Set {
  std::string_view name, value;
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
    if (named(name, "max-age")) {
      if (const auto age = maxAge(value)) set.max_age = age;
    } else if (named(name, "expires")) {
      if (const auto date = parseCookieDate(value)) set.expires = date;
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

}  // namespace

std::optional<Cookie> readCookie(const upstream::Response& response, std::string_view name,
                                 SystemTime now) {
  const auto answered_at = parseHttpDate(response.header("date")).value_or(now);
  std::optional<Cookie> cookie;
  for (const auto& [field, text] : response.headers) {
    if (field != "set-cookie") continue;
    const auto set = parseSetCookie(text);
    if (name.empty() || set.name != name) continue;
    const auto life = lifeOf(set, answered_at);
    cookie.reset();
    if (set.value.empty() || (life && life->count() <= 0)) continue;
    cookie = Cookie{Secret(set.value), life};
  }
  return cookie;
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
