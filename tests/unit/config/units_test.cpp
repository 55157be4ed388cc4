#include "config/units.h"

#include <gtest/gtest.h>

namespace postern::config {
namespace {

TEST(UnitsTest, ReadsDurationsAsPrometheusDoes) {
  const auto reads = [](std::string_view text, milliseconds expected) {
    SCOPED_TRACE(text);
    EXPECT_EQ(parseDuration(text), expected);
  };

  reads("0", milliseconds(0));
  reads("0s", milliseconds(0));
  reads("250ms", milliseconds(250));
  reads("1m30s", seconds(90));
  reads("1h", minutes(60));
  reads("1d", minutes(24 * 60));
  reads("1w", minutes(7 * 24 * 60));
  reads("1y", minutes(365 * 24 * 60));
  reads("1y2w3d4h5m6s7ms",
        milliseconds(((365LL + 14 + 3) * 86400 + 4 * 3600 + 5 * 60 + 6) * 1000 + 7));
  reads("10000y", std::chrono::hours(10'000LL * 365 * 24));
}

TEST(UnitsTest, RefusesWhatIsNoDuration) {
  for (const auto* text : {"", "1", "s", "-1s", "1.5s", "1s1m", "1m1m", "1 s", " 1s", "1S", "1us",
                           "10001y", "99999999999999999999s", "1s2"}) {
    EXPECT_EQ(parseDuration(text), std::nullopt) << text;
  }
}

TEST(UnitsTest, ReadsSizes) {
  const auto reads = [](std::string_view text, std::size_t expected) {
    SCOPED_TRACE(text);
    EXPECT_EQ(parseSize(text), expected);
  };

  reads("0", 0);
  reads("10", 10);
  reads("10B", 10);
  reads("512KB", 512U << 10);
  reads("512KiB", 512U << 10);
  reads("64MB", 64U << 20);
  reads("64MiB", 64U << 20);
  reads("2GB", std::size_t{2} << 30);
  reads("2GiB", std::size_t{2} << 30);
}

TEST(UnitsTest, RefusesWhatIsNoSize) {
  for (const auto* text : {"", "MiB", "-1", "1.5MiB", "1 MiB", "1mib", "1M", "1MiB1",
                           "17179869184GiB", "99999999999999999999"}) {
    EXPECT_EQ(parseSize(text), std::nullopt) << text;
  }
}

TEST(UnitsTest, ShowsWhatItReads) {
  for (const auto* text : {"0s", "250ms", "1m30s", "1h", "1w1d"}) {
    EXPECT_EQ(showDuration(*parseDuration(text)), text);
  }
  for (const auto* text : {"0B", "1023B", "1KiB", "64MiB", "3GiB"}) {
    EXPECT_EQ(showSize(*parseSize(text)), text);
  }
}

}  // namespace
}  // namespace postern::config
