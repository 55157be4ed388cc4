#include "web/rate_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "fakes/fake_clock.h"

namespace postern::web {
namespace {

using namespace std::chrono_literals;

class RateLimiterTest : public ::testing::Test {
 protected:
  int taken(RateLimiter& limiter, int asked) {
    int taken = 0;
    for (int i = 0; i < asked; ++i) taken += limiter.take() ? 1 : 0;
    return taken;
  }

  testing::FakeClock clock;
};

TEST_F(RateLimiterTest, LetsABurstInAndThenOneEachInterval) {
  RateLimiter limiter({1s, 20}, clock);
  EXPECT_EQ(taken(limiter, 50), 20);
  clock.advance(999ms);
  EXPECT_EQ(taken(limiter, 5), 0);
  clock.advance(1ms);
  EXPECT_EQ(taken(limiter, 5), 1);
  clock.advance(3500ms);
  EXPECT_EQ(taken(limiter, 5), 3);
  clock.advance(500ms);
  EXPECT_EQ(taken(limiter, 5), 1);
}

TEST_F(RateLimiterTest, HoldsNoMoreThanABurst) {
  RateLimiter limiter({1s, 3}, clock);
  clock.advance(1h);
  EXPECT_EQ(taken(limiter, 50), 3);
}

TEST_F(RateLimiterTest, LetsNobodyInWithoutABurst) {
  RateLimiter limiter({1s, 0}, clock);
  clock.advance(1h);
  EXPECT_FALSE(limiter.take());
  EXPECT_EQ(limiter.wait(), std::nullopt);
}

TEST_F(RateLimiterTest, ReportsHowLongToWait) {
  RateLimiter limiter({10s, 1}, clock);
  EXPECT_TRUE(limiter.take());
  EXPECT_EQ(limiter.wait(), 10s);
  clock.advance(8500ms);
  EXPECT_EQ(limiter.wait(), 2s);
  clock.advance(1499ms);
  EXPECT_EQ(limiter.wait(), 1s);
}

TEST_F(RateLimiterTest, CountsShortIntervals) {
  RateLimiter limiter({1us, 1000}, clock);
  EXPECT_EQ(taken(limiter, 2000), 1000);
  clock.advance(1ms);
  EXPECT_EQ(taken(limiter, 2000), 1000);
}

TEST_F(RateLimiterTest, BearsAnyBurstOfAnyInterval) {
  RateLimiter limiter({std::chrono::hours(24 * 365), 1'000'000'000}, clock);
  EXPECT_EQ(taken(limiter, 90), 90);
}

TEST_F(RateLimiterTest, GivesEachTokenToOneThread) {
  RateLimiter limiter({1h, 500}, clock);
  std::atomic<int> let_in = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { let_in += taken(limiter, 400); });
  }
  EXPECT_EQ(let_in, 500);
}

}  // namespace
}  // namespace postern::web
