#include "exposition/number.h"

#include <gtest/gtest.h>

#include <string>

namespace postern::exposition {
namespace {

TEST(NumberTest, TakesTheValuesThatGoTakes) {
  const auto takes = [](std::string_view text) { EXPECT_TRUE(isValue(text)) << text; };

  takes("0");
  takes("-1");
  takes("+1.5");
  takes("1.");
  takes(".5");
  takes("1e5");
  takes("1.5E-300");
  takes("00012");
  // Not finite
  takes("NaN");
  takes("nan");
  takes("Inf");
  takes("+Inf");
  takes("-inf");
  takes("+INFINITY");
  // Underflow gives zero, overflow is refused
  takes("1e-400");
  takes("1e-99999999999999999999");
  takes("0e99999999999999999999");
  takes("0.000e99999");
  takes("1.7976931348623157e308");
  takes("1.7976931348623158e+308");
  takes("0.00000017976931348623157e315");
  takes("17976931348623157e292");
  takes("0." + std::string(400, '0') + "1e400");
  takes(std::string(309, '1'));
}

TEST(NumberTest, RefusesWhatGoOrPrometheusRefuses) {
  const auto refuses = [](std::string_view text) { EXPECT_FALSE(isValue(text)) << text; };

  refuses("");
  refuses("+");
  refuses(".");
  refuses("-.e1");
  refuses("1.2.3");
  refuses("1e");
  refuses("1e+");
  refuses("1e1.5");
  refuses("e5");
  refuses("--1");
  refuses("1 ");
  refuses("1,5");
  refuses("one");
  refuses("\xd9\xa1");
  refuses(std::string_view("1\0", 2));
  // Only without p, P and _
  refuses("1_000");
  refuses("0x1");
  refuses("0x1p-3");
  // Not finite
  refuses("+NaN");
  refuses("-nan");
  refuses("nano");
  refuses("Infi");
  refuses("in");
  // Too large
  refuses("1e309");
  refuses("-1e99999999999999999999");
  refuses("1.7976931348623159e308");
  refuses("17976931348623159e292");
  refuses(std::string(310, '1'));
  refuses(std::string(309, '9'));
}

TEST(NumberTest, TakesTimestampsOf64Bits) {
  EXPECT_TRUE(isTimestamp("0"));
  EXPECT_TRUE(isTimestamp("1395066363000"));
  EXPECT_TRUE(isTimestamp("9223372036854775807"));
  EXPECT_TRUE(isTimestamp("0009223372036854775807"));
  EXPECT_TRUE(isTimestamp("00000000000000000000000"));
  EXPECT_FALSE(isTimestamp(""));
  EXPECT_FALSE(isTimestamp("-1"));
  EXPECT_FALSE(isTimestamp("1.5"));
  EXPECT_FALSE(isTimestamp("9223372036854775808"));
  EXPECT_FALSE(isTimestamp("10000000000000000000"));
}

}  // namespace
}  // namespace postern::exposition
