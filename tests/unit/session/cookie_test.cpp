#include "session/cookie.h"

#include <gtest/gtest.h>

#include "session/login.h"

namespace postern::session {
namespace {

using namespace std::chrono_literals;
using Headers = std::vector<std::pair<std::string, std::string>>;

const SystemTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 10h;

TEST(CookieTest, ReadsValueAndLife) {
  const auto reads = [](const Headers& headers, std::string_view value,
                        std::optional<std::chrono::milliseconds> life) {
    SCOPED_TRACE(headers.back().second);
    const auto cookie = readCookie({200, headers}, "sid", kNow);
    ASSERT_TRUE(cookie);
    EXPECT_EQ(cookie->value.reveal(), value);
    EXPECT_EQ(cookie->life, life);
  };
  const auto one = [&](const std::string& text, std::string_view value,
                       std::optional<std::chrono::milliseconds> life) {
    reads({{"set-cookie", text}}, value, life);
  };
  // Values
  one("sid=a", "a", {});
  one(" sid = a=b== ; Secure", "a=b==", {});
  one("sid=\"a b\"", "\"a b\"", {});
  // Max-Age wins over Expires, the last of each counts, and what makes no sense does not
  one("sid=a; Max-Age=60", "a", 60s);
  one("sid=a;MAX-AGE=60;max-age=30", "a", 30s);
  one("sid=a; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT", "a", 60s);
  one("sid=a; max-age=soon; expires=soon", "a", {});
  one("sid=a; max-age=", "a", {});
  one("sid=a; max-age=99999999999999999999", "a", std::chrono::hours(24 * 365 * 100));
  one("sid=a; Expires=Fri, 20 Nov 2026 10:01:00 GMT", "a", 60s);
  one("sid=a; Expires=Friday, 20-Nov-26 10:01:00 GMT", "a", 60s);
  // By the service's own clock
  reads({{"date", "Thu, 01 Mar 2018 15:29:00 GMT"},
         {"set-cookie", "sid=a; expires=Thu, 01 Mar 2018 15:29:26 GMT"}},
        "a", 26s);
  // The last one of that name
  reads({{"set-cookie", "sid=a"}, {"set-cookie", "SID=b"}, {"set-cookie", "sid=c"}}, "c", {});
  reads({{"set-cookie", "sid=; Max-Age=0"}, {"set-cookie", "sid=a"}}, "a", {});
}

TEST(CookieTest, FindsNoneThatIsMissingEmptyOrDeleted) {
  const auto none = [](const Headers& headers) {
    EXPECT_FALSE(readCookie({200, headers}, "sid", kNow));
  };
  none({});
  none({{"set-cookie", "Sid=a"}});
  none({{"set-cookie", "sid"}});
  none({{"set-cookie", "=sid"}});
  none({{"set-cookie", ""}});
  none({{"set-cookie", "sid=;"}});
  none({{"set-cookie", "a=b; sid=c"}});
  none({{"cookie", "sid=a"}});
  none({{"set-cookie", "sid=a; Max-Age=0"}});
  none({{"set-cookie", "sid=a; Max-Age=-1"}});
  none({{"set-cookie", "sid=deleted; expires=Thu, 01 Jan 1970 00:00:00 GMT"}});
  none({{"set-cookie", "sid=a"}, {"set-cookie", "sid=a; Max-Age=0"}});
  EXPECT_FALSE(readCookie({200, {{"set-cookie", "=a"}}}, "", kNow));
}

TEST(CookieTest, KnowsTheBytesThatAValueMayHave) {
  EXPECT_TRUE(isCookieValue("abc!#$%&'()*+-./:<=>?@[]^_`{|}~"));
  EXPECT_TRUE(isCookieValue("\"abc\""));
  for (const std::string_view value :
       {"a b", "a,b", "a;b", "a\\b", "a\"b", "\"", "a\x7f", "\xc3\xa4"}) {
    EXPECT_FALSE(isCookieValue(value)) << value;
  }
}

TEST(CookieTest, ReadsDatesInAnyForm) {
  const auto is = [](std::string_view text, SystemTime time) {
    EXPECT_EQ(parseCookieDate(text), std::optional(time)) << text;
  };
  const SystemTime time =
      std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;
  is("Sun, 06 Nov 1994 08:49:37 GMT", time);
  is("Sunday, 06-Nov-94 08:49:37 GMT", time);
  is("Sun Nov  6 08:49:37 1994", time);
  is("6 nov 94 8:49:37", time);
  is("06 November 1994 08:49:37", time);
  for (const std::string_view text :
       {"", "soon", "06 Nov 1994", "08:49:37", "31 Feb 1994 08:49:37", "06 Nov 1994 24:00:00",
        "06 Nov 19945 08:49:37", "006 Nov 1994 08:49:37"}) {
    EXPECT_FALSE(parseCookieDate(text)) << text;
  }
}

}  // namespace
}  // namespace postern::session
