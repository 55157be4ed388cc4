#include "web/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web/assets.h"

namespace postern::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(HtmlTest, EscapesWhatIsNoText) {
  const auto becomes = [](std::string_view text, std::string_view html) {
    SCOPED_TRACE(text);
    EXPECT_EQ(escapeHtml(text), html);
  };
  becomes("", "");
  becomes("plain text", "plain text");
  becomes("<script>alert('a' & \"b\")</script>",
          "&lt;script&gt;alert(&#39;a&#39; &amp; &quot;b&quot;)&lt;/script&gt;");
  becomes("&amp;", "&amp;amp;");
  // Characters of two, three and four bytes
  becomes("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\xAA", "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\xAA");
  // Invalid UTF-8: lone, cut, overlong, a surrogate, beyond the last code point
  becomes("a\x80z", "a\xEF\xBF\xBDz");
  becomes("\xC3", "\xEF\xBF\xBD");
  becomes("\xC3<", "\xEF\xBF\xBD&lt;");
  becomes("\xE2\x82<", "\xEF\xBF\xBD\xEF\xBF\xBD&lt;");
  becomes("\xC0\xBC", "\xEF\xBF\xBD\xEF\xBF\xBD");
  becomes("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  becomes("\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  becomes(std::string_view("\0", 1), "\xEF\xBF\xBD");
}

TEST(HtmlTest, FillsPiecesInOnce) {
  const HtmlAnswer answer;
  EXPECT_EQ(answer.fill("a {{x}} b {{x}}{{y}} {{none}}.", {{"x", "{{y}}"}, {"y", "2"}}),
            "a {{y}} b {{y}}2 .");
  EXPECT_EQ(answer.fill("{{open"), "{{open");
  EXPECT_EQ(answer.fill("{ {x}}"), "{ {x}}");
}

TEST(HtmlTest, LetsNothingRunButWhatCarriesItsNonce) {
  for (const auto page : {kStatusPage, kSamplesPage, kPlainPage}) {
    const HtmlAnswer answer;
    const std::string html = answer.fill(page);
    const auto head = answer.head();
    EXPECT_EQ(head.content_type, "text/html; charset=utf-8");
    EXPECT_THAT(html, AllOf(StartsWith("<!doctype html>"), Not(HasSubstr("{{"))));
    const std::string policy = head.headers.front().second;
    const auto at = policy.find("'nonce-") + 7;
    const std::string nonce = policy.substr(at, policy.find('\'', at) - at);
    EXPECT_EQ(nonce.size(), 32U);
    EXPECT_THAT(html, HasSubstr("<style nonce=\"" + nonce + "\">"));
    EXPECT_THAT(html, Not(HasSubstr("<script>")));
    EXPECT_THAT(policy, AllOf(HasSubstr("default-src 'none'"), Not(HasSubstr("unsafe"))));
    // The page loads nothing from elsewhere: no scheme, no host.
    for (const char* outside : {"src=\"http", "href=\"http", "url(", "@import", "//cdn"})
      EXPECT_THAT(html, Not(HasSubstr(outside)));
    EXPECT_NE(HtmlAnswer().head().headers.front().second, policy) << "a nonce is used once";
  }
}

TEST(HtmlTest, KnowsABrowserByWhatItAccepts) {
  const auto prefers = [](std::vector<std::string> accepts) {
    http::Request request;
    for (auto& accept : accepts) request.headers.emplace_back("accept", std::move(accept));
    return prefersHtml(request);
  };
  EXPECT_TRUE(prefers({"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}));
  EXPECT_TRUE(prefers({"application/json;q=0.5", "text/html ; q=0.6"}));
  EXPECT_FALSE(prefers({}));
  EXPECT_FALSE(prefers({"*/*"}));
  EXPECT_FALSE(prefers({"application/json"}));
  EXPECT_FALSE(prefers({"application/json, text/html;q=0.9"}));
  EXPECT_FALSE(prefers({"text/html;q=0"}));
  EXPECT_FALSE(prefers({"text/html, application/json"})) << "JSON is the default";
}

}  // namespace
}  // namespace postern::web
