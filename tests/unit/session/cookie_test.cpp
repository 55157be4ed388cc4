#include "session/cookie.h"

#include <gtest/gtest.h>

#include "session/login.h"

namespace postern::session {
namespace {

using namespace std::chrono_literals;
using Headers = std::vector<std::pair<std::string, std::string>>;

const SystemTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 10h;

const CookieScope kScope = {"web.example", "/auth/login?next=/", "/app/metrics"};

std::optional<Cookie> readCookie(const Headers& headers, std::string_view name) {
  const auto cookies = readCookies({200, headers}, kScope, kNow);
  const auto* cookie = findCookie(cookies, name, kScope.page_path);
  return cookie == nullptr ? std::nullopt : std::optional(*cookie);
}

// "name=value" of the cookies sent with the page.
std::string sentTo(std::string_view path, const std::vector<std::string>& set,
                   std::chrono::milliseconds age = 0s) {
  Headers headers;
  for (const auto& text : set) headers.emplace_back("set-cookie", text);
  return std::string(writeCookies(readCookies({200, headers}, kScope, kNow), path, age).reveal());
}

TEST(CookieTest, ReadsValueAndLife) {
  const auto reads = [](const Headers& headers, std::string_view value,
                        std::optional<std::chrono::milliseconds> life) {
    SCOPED_TRACE(headers.back().second);
    const auto cookie = readCookie(headers, "sid");
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
  // Max-Age wins over Expires, the last of each counts, and invalid ones are ignored
  one("sid=a; Max-Age=60", "a", 60s);
  one("sid=a;MAX-AGE=60;max-age=30", "a", 30s);
  one("sid=a; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT", "a", 60s);
  one("sid=a; max-age=soon; expires=soon", "a", {});
  one("sid=a; max-age=", "a", {});
  one("sid=a; max-age=99999999999999999999", "a", std::chrono::hours(24 * 365 * 100));
  one("sid=a; Expires=Fri, 20 Nov 2026 10:01:00 GMT", "a", 60s);
  one("sid=a; Expires=Friday, 20-Nov-26 10:01:00 GMT", "a", 60s);
  // By the service's clock
  reads({{"date", "Thu, 01 Mar 2018 15:29:00 GMT"},
         {"set-cookie", "sid=a; expires=Thu, 01 Mar 2018 15:29:26 GMT"}},
        "a", 26s);
  // The last one of that name
  reads({{"set-cookie", "sid=a"}, {"set-cookie", "SID=b"}, {"set-cookie", "sid=c"}}, "c", {});
  reads({{"set-cookie", "sid=; Max-Age=0"}, {"set-cookie", "sid=a"}}, "a", {});
}

TEST(CookieTest, FindsNoneThatIsMissingEmptyOrDeleted) {
  const auto none = [](const Headers& headers) { EXPECT_FALSE(readCookie(headers, "sid")); };
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
  EXPECT_FALSE(readCookie({{"set-cookie", "=a"}}, ""));
}

TEST(CookieTest, KnowsCookiesByNameDomainAndPath) {
  const auto leaves = [](const std::vector<std::string>& set, const std::string& value) {
    SCOPED_TRACE(set.back());
    Headers headers;
    for (const auto& text : set) headers.emplace_back("set-cookie", text);
    const auto cookie = readCookie(headers, "sid");
    EXPECT_EQ(cookie ? std::string(cookie->value.reveal()) : "", value);
  };
  const std::string over = "; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
  // A cookie deleted on another path or of another domain is another cookie.
  leaves({"sid=good; Path=/", "sid=; Path=/old" + over}, "good");
  leaves({"sid=; Path=/old" + over, "sid=good; Path=/"}, "good");
  leaves({"sid=good", "sid=; Path=/" + over}, "good");
  leaves({"sid=good; Path=/", "sid=" + over}, "good");
  leaves({"sid=good; Path=/", "sid=; Path=/; Domain=other.example" + over}, "good");
  leaves({"sid=good; Path=/", "SID=; Path=/" + over}, "good");
  // The same cookie, deleted in any spelling
  leaves({"sid=good; Path=/", "sid=; Path=/" + over}, "");
  leaves({"sid=good; Path=/", "sid=; Path=/; Max-Age=0"}, "");
  leaves({"sid=good; Path=/", "sid=; Path=/"}, "");
  leaves({"sid=good", "sid=; Path=/auth" + over}, "");
  leaves({"sid=good; Path=relative", "sid=; Path=/auth; Max-Age=-1"}, "");
  leaves({"sid=good; Path=/", "sid=; Path=/; Domain=WEB.example" + over}, "");
  leaves({"sid=good; Path=/; Domain=.web.example", "sid=; Path=/; Domain=" + over}, "");
  leaves({"sid=; Path=/" + over, "sid=good; Path=/"}, "good");
  leaves({"sid=old; Path=/", "sid=good; path=/"}, "good");
  // Of several cookies the one for the page
  leaves({"sid=page; Path=/app", "sid=all; Path=/", "sid=other; Path=/admin"}, "page");
  leaves({"sid=all; Path=/", "sid=page; Path=/app/", "sid=other; Path=/apple"}, "page");
  leaves({"sid=a; Path=/b", "sid=good; Path=/c"}, "good");
}

TEST(CookieTest, SendsThoseThatMatchThePathAsLongAsTheyLive) {
  EXPECT_EQ(sentTo("/app/metrics", {"a=1; Path=/", "b=2; Path=/app", "c=3; Path=/application",
                                    "d=4; Path=/app/metrics", "e=5; Path=/app/", "f=; Path=/"}),
            "d=4; e=5; b=2; a=1; f=");
  EXPECT_EQ(sentTo("/app?a=/b", {"a=1; Path=/app", "b=2; Path=/app/"}), "a=1");
  EXPECT_EQ(sentTo("/metrics", {"a=1"}), "");
  EXPECT_EQ(sentTo("/auth", {"a=1"}), "a=1");
  EXPECT_EQ(sentTo("/", {"a=1; Path=/; Secure; HttpOnly; SameSite=Strict", "b=2; Path=/"}),
            "a=1; b=2");
  const std::vector<std::string> lives = {"a=1; Path=/; Max-Age=60", "b=2; Path=/",
                                          "c=3; Path=/; Expires=Fri, 20 Nov 2026 10:02:00 GMT"};
  EXPECT_EQ(sentTo("/", lives, 59s), "a=1; b=2; c=3");
  EXPECT_EQ(sentTo("/", lives, 60s), "b=2; c=3");
  EXPECT_EQ(sentTo("/", lives, 120s), "b=2");
  EXPECT_EQ(sentTo("/", {"a=\x01; Path=/", "b=2; Path=/"}), "b=2") << "no control characters";
  EXPECT_EQ(sentTo("/", {}), "");
}

TEST(CookieTest, AddsToTheCookieHeaderThatARequestHas) {
  upstream::Request request;
  addCookies(request, Secret());
  EXPECT_TRUE(request.secret_headers.empty());
  addCookies(request, Secret("a=1"));
  addCookies(request, Secret("b=2"));
  ASSERT_EQ(request.secret_headers.size(), 1U);
  EXPECT_EQ(request.secret_headers[0].first, "Cookie");
  EXPECT_EQ(request.secret_headers[0].second.reveal(), "a=1; b=2");
  request.secret_header = "cookie";
  request.secret_value = Secret("sid=x");
  addCookies(request, Secret("c=3"));
  EXPECT_EQ(request.secret_value.reveal(), "sid=x; c=3");
}

TEST(CookieTest, KnowsTheBytesThatAValueMayHave) {
  EXPECT_TRUE(isCookieValue("abc!#$%&'()*+-./:<=>?@[]^_`{|}~"));
  EXPECT_TRUE(isCookieValue("\"abc\""));
  for (const std::string_view value :
       {"a b", "a,b", "a;b", "a\\b", "a\"b", "\"", "a\x7f", "\xc3\xa4"}) {
    EXPECT_FALSE(isCookieValue(value)) << value;
  }
}

}  // namespace
}  // namespace postern::session
