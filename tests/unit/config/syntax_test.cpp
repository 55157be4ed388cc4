#include "config/syntax.h"

#include <gtest/gtest.h>

#include "config/selector.h"

namespace postern::config {
namespace {

TEST(UrlTest, ReadsHostPortAndPath) {
  const auto reads = [](std::string_view text, const Url& expected) {
    SCOPED_TRACE(text);
    std::string wrong;
    const auto url = parseUrl(text, wrong);
    EXPECT_EQ(wrong, "");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, expected.host);
    EXPECT_EQ(url->port, expected.port);
    EXPECT_EQ(url->path, expected.path);
  };

  reads("https://localhost", {"localhost", 443, ""});
  reads("https://localhost/", {"localhost", 443, ""});
  reads("HTTPS://web.internal:8443/a/b//", {"web.internal", 8443, "/a/b"});
  reads("https://127.0.0.1:1", {"127.0.0.1", 1, ""});
  reads("https://[::1]", {"::1", 443, ""});
  reads("https://[2001:db8::1]:65535/a", {"2001:db8::1", 65535, "/a"});
}

TEST(UrlTest, ShowsItsAuthority) {
  EXPECT_EQ((Url{"localhost", 443, "/a"}).authority(), "localhost:443");
  EXPECT_EQ((Url{"::1", 8443, ""}).authority(), "[::1]:8443");
}

TEST(SyntaxTest, AcceptsEveryJsonPointerButTheEmptyOne) {
  EXPECT_EQ(jsonPointerMistake("/users/0/token"), "");
  EXPECT_EQ(jsonPointerMistake("/"), "");
  EXPECT_EQ(jsonPointerMistake("/a~0b~1c"), "");
  EXPECT_NE(jsonPointerMistake(""), "");
  EXPECT_NE(jsonPointerMistake("/a~2"), "");
  EXPECT_NE(jsonPointerMistake("/a~"), "");
}

TEST(SyntaxTest, SendsATokenInAHeaderOfItsOwn) {
  EXPECT_EQ(sendAsMistake("Authorization: Bearer {{token}}"), "");
  EXPECT_EQ(sendAsMistake("Cookie: sid={{token}}"), "");
  EXPECT_NE(sendAsMistake("{{token}}: a"), "");
  EXPECT_NE(sendAsMistake("Content-Length: {{token}}"), "");
}

TEST(RegexTest, SaysInOurWordsWhatRe2DoesNotTake) {
  struct BrokenRegex {
    std::string regex;
    std::string_view mistake;
  };
  for (const auto& [regex, mistake] : {
           BrokenRegex{"(", "a ( that is not closed, expected ), found \"(\""},
           BrokenRegex{"[a", "a [ that is not closed, expected ], found \"[a\""},
           BrokenRegex{")", "a ) that closes nothing"},
           BrokenRegex{"a**", "two operators of repetition in a row, expected one, found \"**\""},
           BrokenRegex{"a{2}{3}", "two operators of repetition in a row"},
           BrokenRegex{"\\", "a backslash at the end"},
           BrokenRegex{"*a", "a *, +, ? or {} that repeats nothing"},
           BrokenRegex{"a{1001}", "a number of repetitions that is too large"},
           BrokenRegex{"((a{100}){100}){100}", "a number of repetitions that is too large"},
           BrokenRegex{"(?=a)", "a (?...) that RE2 does not support"},
           BrokenRegex{"(?<!a)b", "a (?...) that RE2 does not support"},
           BrokenRegex{"(?P<1", "an invalid named group"},
           BrokenRegex{"[z-a]", "an invalid range or class of characters"},
           BrokenRegex{"[[:foo:]]", "an invalid range or class of characters"},
           BrokenRegex{"\\q", "an unknown escape, expected one of RE2, found \"\\q\""},
           BrokenRegex{"\xff", "bytes that are not UTF-8"},
       }) {
    const std::string message = regexMistake(regex);
    EXPECT_TRUE(message.starts_with("is not a regular expression of RE2: holds ")) << message;
    EXPECT_NE(message.find(mistake), message.npos) << message;
  }
  EXPECT_EQ(regexMistake("a(b|c)*"), "");
}

}  // namespace
}  // namespace postern::config
