#include "http1/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace postern::http1 {
namespace {

TEST(GrammarTest, DistinguishesAFieldValueFromControlBytes) {
  EXPECT_TRUE(isFieldValue(""));
  EXPECT_TRUE(isFieldValue("a \t b"));
  EXPECT_TRUE(isFieldValue("caf\xC3\xA9 \x80\xFF"));
  for (int byte = 0; byte < 0x100; ++byte) {
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    EXPECT_EQ(isFieldValue(std::string("a") + static_cast<char>(byte) + "b"), !control) << byte;
  }
}

TEST(GrammarTest, SaysWhichBytesATargetMayHold) {
  EXPECT_FALSE(isRequestTarget(""));
  for (int byte = 0; byte < 0x100; ++byte) {
    const bool visible = byte > 0x20 && byte < 0x7f && byte != '#';
    EXPECT_EQ(isRequestTarget(std::string("/") + static_cast<char>(byte)), visible) << byte;
  }
}

TEST(GrammarTest, ReadsDecimalNumbers) {
  constexpr auto kLargest = std::numeric_limits<std::uint64_t>::max();

  EXPECT_EQ(parseDecimal("0"), 0U);
  EXPECT_EQ(parseDecimal("0065"), 65U);
  EXPECT_EQ(parseDecimal("18446744073709551614"), kLargest - 1);
  EXPECT_EQ(parseDecimal("18446744073709551615"), kLargest);
  EXPECT_EQ(parseDecimal("18446744073709551616"), kLargest);
  EXPECT_EQ(parseDecimal(std::string(100, '9')), kLargest);
  for (const auto* text : {"", "+1", "-1", " 1", "1 ", "0x1", "1a", "1.0"}) {
    EXPECT_EQ(parseDecimal(text), std::nullopt) << text;
  }
}

TEST(GrammarTest, ReadsFieldLines) {
  const auto reads = [](std::string_view line, std::string_view name, std::string_view value) {
    SCOPED_TRACE(line);
    const auto field = parseFieldLine(line);
    EXPECT_EQ(field.error, FieldLineError::None);
    EXPECT_EQ(field.name, name);
    EXPECT_EQ(field.value, value);
  };
  const auto refuses = [](std::string_view line, FieldLineError error) {
    EXPECT_EQ(parseFieldLine(line).error, error) << line;
  };

  reads("Host: x", "Host", "x");
  reads("a:b:c", "a", "b:c");
  reads("Empty:", "Empty", "");
  reads("Spaces: \t two words \t", "Spaces", "two words");
  reads("!#$%&'*+-.^_`|~09azAZ:x", "!#$%&'*+-.^_`|~09azAZ", "x");

  refuses(" Host: x", FieldLineError::Folded);
  refuses("\tx", FieldLineError::Folded);
  refuses("Host", FieldLineError::NoColon);
  refuses(": x", FieldLineError::BadName);
  refuses("Host : x", FieldLineError::BadName);
  refuses("Ho(st: x", FieldLineError::BadName);
  refuses("H\xC3\xA9: x", FieldLineError::BadName);
  refuses("Host: a\rb", FieldLineError::BadValue);
  refuses(std::string_view("Host: a\0b", 9), FieldLineError::BadValue);
  EXPECT_EQ(parseFieldLine("Host: \x01").name, "Host") << "for the text of the error";
}

TEST(GrammarTest, ReadsRequestLines) {
  const auto refuses = [](std::string_view line, RequestLineError error) {
    EXPECT_EQ(parseRequestLine(line).error, error) << line;
  };

  const auto line = parseRequestLine("GET /a b HTTP/1.0");
  EXPECT_EQ(line.error, RequestLineError::None);
  EXPECT_EQ(line.method, "GET");
  EXPECT_EQ(line.target, "/a b") << "the caller checks it";
  EXPECT_EQ(line.major_version, 1);
  EXPECT_EQ(line.minor_version, 0);
  EXPECT_EQ(parseRequestLine("PRI * HTTP/2.7").major_version, 2);
  EXPECT_EQ(parseRequestLine("PRI * HTTP/2.7").minor_version, 7);

  refuses("", RequestLineError::NotThreeParts);
  refuses("GET", RequestLineError::NotThreeParts);
  refuses("GET /", RequestLineError::NotThreeParts);
  refuses(" / HTTP/1.1", RequestLineError::BadMethod);
  refuses("G(T / HTTP/1.1", RequestLineError::BadMethod);
  refuses("GET / HTTP/1.1 ", RequestLineError::BadVersion);
  refuses("GET / http/1.1", RequestLineError::BadVersion);
  refuses("GET / HTTP/1.10", RequestLineError::BadVersion);
  refuses("GET / HTTP/x.1", RequestLineError::BadVersion);
  refuses("GET / HTTP/1,1", RequestLineError::BadVersion);
}

TEST(GrammarTest, ReadsStatusLines) {
  const auto reads = [](std::string_view text, int minor, int status, std::string_view reason) {
    SCOPED_TRACE(text);
    const auto line = parseStatusLine(text);
    EXPECT_EQ(line.error, StatusLineError::None);
    EXPECT_EQ(line.minor_version, minor);
    EXPECT_EQ(line.status, status);
    EXPECT_EQ(line.reason, reason);
  };
  const auto refuses = [](std::string_view line, StatusLineError error) {
    EXPECT_EQ(parseStatusLine(line).error, error) << line;
  };

  reads("HTTP/1.1 200 Not what it says", 1, 200, "Not what it says");
  reads("HTTP/1.0 599 ", 0, 599, "");
  reads("HTTP/1.1 100", 1, 100, "");

  refuses("", StatusLineError::NotHttp1);
  refuses("HTTP/1.1", StatusLineError::NotHttp1);
  refuses("HTTP/1.2 200 OK", StatusLineError::NotHttp1);
  refuses("HTTP/2 200", StatusLineError::NotHttp1);
  refuses("http/1.1 200 OK", StatusLineError::NotHttp1);
  refuses("HTTP/1.1 ", StatusLineError::BadStatus);
  refuses("HTTP/1.1 20", StatusLineError::BadStatus);
  refuses("HTTP/1.1 20 OK", StatusLineError::BadStatus);
  refuses("HTTP/1.1 2000", StatusLineError::BadStatus);
  refuses("HTTP/1.1 099 x", StatusLineError::BadStatus);
  refuses("HTTP/1.1 600 x", StatusLineError::BadStatus);
  refuses("HTTP/1.1  200 x", StatusLineError::BadStatus);
}

}  // namespace
}  // namespace postern::http1
