#include "exposition/timestamp.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

namespace postern::exposition {
namespace {

std::string seconds(std::string_view milliseconds) {
  std::string out;
  appendSeconds(out, milliseconds);
  return out;
}

std::string milliseconds(std::string_view seconds) {
  std::string out;
  return appendMilliseconds(out, seconds) ? out : "refused";
}

TEST(TimestampTest, WritesMillisecondsAsSeconds) {
  EXPECT_EQ(seconds("0"), "0");
  EXPECT_EQ(seconds("1"), "0.001");
  EXPECT_EQ(seconds("1395066363000"), "1395066363");
  EXPECT_EQ(seconds("1395066363120"), "1395066363.120");
}

TEST(TimestampTest, WritesSecondsAsMilliseconds) {
  EXPECT_EQ(milliseconds("0"), "0");
  EXPECT_EQ(milliseconds("-0.0"), "0");
  EXPECT_EQ(milliseconds("1395066363"), "1395066363000");
  EXPECT_EQ(milliseconds("1.395066363e9"), "1395066363000");
  EXPECT_EQ(milliseconds("+1.5"), "1500");
  EXPECT_EQ(milliseconds("0.0019"), "1");
  EXPECT_EQ(milliseconds("-1"), "refused");
  EXPECT_EQ(milliseconds("1e300"), "refused");
}

// Prometheus reads a float, multiplies by 1000 and truncates, which sometimes loses a millisecond.
TEST(TimestampTest, ComesBackToTheSameMillisecond) {
  std::mt19937_64 draw(1);
  for (int i = 0; i < 200'000; ++i) {
    const std::string time = std::to_string(draw() % 4'000'000'000'000);
    EXPECT_EQ(milliseconds(seconds(time)), time);
  }
  EXPECT_EQ(milliseconds(seconds("253402300799999")), "253402300799999");
  EXPECT_EQ(milliseconds(seconds("139506695066363001")), "139506695066363001");
  EXPECT_EQ(seconds("9223372036854775807"), "9223372036854775.807");
}

}  // namespace
}  // namespace postern::exposition
