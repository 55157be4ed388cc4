#include "base/encoding.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

using namespace std::string_view_literals;

TEST(EncodingTest, WritesHexInLowerCase) {
  EXPECT_EQ(encodeHex(""), "");
  EXPECT_EQ(encodeHex("\x00\x0F\xA0\xFF"sv), "000fa0ff");
  EXPECT_EQ(encodeHex("foobar"), "666f6f626172");
}

TEST(EncodingTest, WritesAndReadsBase64) {
  const auto agree = [](std::string_view bytes, std::string_view text) {
    SCOPED_TRACE(text);
    EXPECT_EQ(encodeBase64(bytes), text);
    EXPECT_EQ(encodeBase64(Secret(bytes)).reveal(), text);
    EXPECT_EQ(decodeBase64(text), bytes);
    ASSERT_TRUE(decodeBase64Secret(text));
    EXPECT_EQ(decodeBase64Secret(text)->reveal(), bytes);
  };

  // RFC 4648 section 10
  agree("", "");
  agree("f", "Zg==");
  agree("fo", "Zm8=");
  agree("foo", "Zm9v");
  agree("foob", "Zm9vYg==");
  agree("fooba", "Zm9vYmE=");
  agree("foobar", "Zm9vYmFy");
  // Section 9, and the two digits that the URL alphabet lacks
  agree("\x14\xFB\x9C\x03\xD9\x7E", "FPucA9l+");
  agree("\xFB\xFF\xBF", "+/+/");
  agree("\0\0\0"sv, "AAAA");
}

TEST(EncodingTest, WritesBase64ForUrlsWithoutPadding) {
  EXPECT_EQ(encodeBase64Url(""), "");
  EXPECT_EQ(encodeBase64Url("f"), "Zg");
  EXPECT_EQ(encodeBase64Url("fo"), "Zm8");
  EXPECT_EQ(encodeBase64Url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encodeBase64Url("\xFB\xFF\xBF"), "-_-_");
}

TEST(EncodingTest, RefusesWhatIsNotBase64) {
  for (const std::string_view text : {"Zg", "Zg=", "Zm9vY", "=", "====", "Z===", "Z=g=", "Zg==Zg==",
                                      "Zm9\n", "Zm 9", "-_-_", "Zm9\xC3"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(decodeBase64(text), std::nullopt);
    EXPECT_FALSE(decodeBase64Secret(text));
  }
  EXPECT_EQ(decodeBase64("Zm9\0"sv), std::nullopt);
  EXPECT_EQ(decodeBase64("Zh=="), "f") << "padding bits are ignored";
}

TEST(EncodingTest, PercentEncodesAllButTheUnreservedCharacters) {
  const auto encodes = [](std::string_view text, std::string_view expected) {
    SCOPED_TRACE(expected);
    EXPECT_EQ(percentEncode(text), expected);
    Secret out("a=");
    appendPercentEncoded(text, out);
    EXPECT_EQ(out.reveal(), "a=" + std::string(expected));
  };

  encodes("", "");
  // RFC 3986 section 2.3
  encodes("azAZ09-._~", "azAZ09-._~");
  // Section 2.2
  encodes(":/?#[]@", "%3A%2F%3F%23%5B%5D%40");
  encodes("!$&'()*+,;=", "%21%24%26%27%28%29%2A%2B%2C%3B%3D");
  // Others
  encodes(" %\"\\", "%20%25%22%5C");
  encodes("\0\x7F\xC3\xA4"sv, "%00%7F%C3%A4");
}

TEST(EncodingTest, PercentDecodesBehindWhatIsThere) {
  const auto decoded = [](std::string_view text) {
    std::string out = "/";
    return appendPercentDecoded(text, out) ? out : "bad";
  };

  EXPECT_EQ(decoded(""), "/");
  EXPECT_EQ(decoded("a+b"), "/a+b");
  EXPECT_EQ(decoded("%41%7a%7A%25"), "/Azz%");
  EXPECT_EQ(decoded("%C3%a4"), "/\xC3\xA4");
  EXPECT_EQ(decoded("%00"), "/\0"sv);
  EXPECT_EQ(decoded("%"), "bad");
  EXPECT_EQ(decoded("a%4"), "bad");
  EXPECT_EQ(decoded("%zz"), "bad");
  EXPECT_EQ(decoded("%4G"), "bad");
  EXPECT_EQ(decoded("% 1"), "bad");
}

}  // namespace
}  // namespace postern
