#include "http/watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace postern::http {
namespace {

using namespace std::chrono_literals;

using Turn = Watch::Turn;

TEST(WatchTest, IsTakenByOne) {
  Watch watch;
  Watch::Hand first, second;

  EXPECT_EQ(watch.take(first, 0ms), Turn::Watch);
  EXPECT_EQ(watch.take(second, 10ms), Turn::None);

  EXPECT_TRUE(first.has());
  EXPECT_FALSE(second.has());
}

TEST(WatchTest, IsFreeWhenNobodyWaitsForIt) {
  Watch watch;
  Watch::Hand first, second;
  ASSERT_EQ(watch.take(first, 0ms), Turn::Watch);

  watch.handOver(first);
  EXPECT_FALSE(first.has());
  EXPECT_EQ(watch.take(second, 0ms), Turn::Watch);
  watch.handOver(first);  // it is another's

  EXPECT_TRUE(second.has());
}

TEST(WatchTest, GoesFromHandToHand) {
  Watch watch;
  std::atomic<int> together = 0, turns = 0;
  std::vector<std::jthread> threads(4);
  for (auto& thread : threads) {
    thread = std::jthread([&] {
      Watch::Hand self;
      for (int turn = 0; turn < 1000; ++turn) {
        if (watch.take(self, 60s) != Turn::Watch) return;
        EXPECT_EQ(++together, 1);
        ++turns;
        --together;
        watch.handOver(self);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(turns, 4000);
}

TEST(WatchTest, StaysWithWhomCallsForHelp) {
  Watch watch;
  Watch::Hand first;
  ASSERT_EQ(watch.take(first, 0ms), Turn::Watch);
  watch.callHelp();  // nobody is there
  std::atomic<Turn> called = Turn::None;
  std::jthread other([&] {
    Watch::Hand second;
    while (watch.take(second, 60s) == Turn::Help) {
      EXPECT_FALSE(second.has());
      called = Turn::Help;
    }
    EXPECT_TRUE(second.has());
  });

  while (called == Turn::None) watch.callHelp();

  EXPECT_EQ(called, Turn::Help);
  EXPECT_TRUE(first.has());
  watch.handOver(first);
}

}  // namespace
}  // namespace postern::http
