#include "config/syntax.h"

#include <gtest/gtest.h>

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

TEST(Base64Test, DecodesOnlyWhatIsPaddedRight) {
  EXPECT_EQ(decodeBase64("aGVsbG8="), "hello");
  EXPECT_EQ(decodeBase64("aGVsbA=="), "hell");
  EXPECT_EQ(decodeBase64("aGVs"), "hel");
  EXPECT_EQ(decodeBase64("aGVsbG8"), std::nullopt);
  EXPECT_EQ(decodeBase64("aG=sbG8="), std::nullopt);
  EXPECT_EQ(decodeBase64("aGVsbG-="), std::nullopt);
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

}  // namespace
}  // namespace postern::config
