#include "app/memory_trim.h"

#include <gtest/gtest.h>

namespace postern::app {
namespace {

using std::chrono::seconds;

const SteadyTime kStart{};

TEST(MemoryTrimTest, IsDueTenSecondsAfterTheLastScrape) {
  MemoryTrim trim(kStart);
  EXPECT_FALSE(trim.isDue(1, kStart + seconds(1)));
  EXPECT_FALSE(trim.isDue(1, kStart + seconds(10)));
  EXPECT_FALSE(trim.isDue(2, kStart + seconds(11))) << "another scrape began";
  EXPECT_FALSE(trim.isDue(2, kStart + seconds(20)));
  EXPECT_TRUE(trim.isDue(2, kStart + seconds(21)));
  EXPECT_FALSE(trim.isDue(2, kStart + seconds(22))) << "once";
}

TEST(MemoryTrimTest, IsDueEveryMinuteWithoutScrapes) {
  MemoryTrim trim(kStart);
  int due = 0;
  for (int second = 1; second <= 180; ++second) {
    if (trim.isDue(0, kStart + seconds(second))) ++due;
  }
  EXPECT_EQ(due, 3);
}

TEST(MemoryTrimTest, IsNotDueWhileScrapesComeEverySecond) {
  MemoryTrim trim(kStart);
  for (int second = 1; second <= 180; ++second) {
    EXPECT_FALSE(trim.isDue(static_cast<std::uint64_t>(second), kStart + seconds(second)));
  }
}

}  // namespace
}  // namespace postern::app
