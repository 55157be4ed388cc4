#include "credentials/backoff.h"

#include <gtest/gtest.h>

#include <vector>

namespace postern::credentials {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

Draw always(double value) {
  return [value] { return value; };
}

std::vector<long> delaysOf(int steps, const std::function<Backoff::Delay()>& next) {
  std::vector<long> seconds;
  for (int i = 0; i < steps; ++i) {
    const auto delay = next();
    seconds.push_back(delay ? std::chrono::round<std::chrono::seconds>(*delay).count() : -1);
  }
  return seconds;
}

TEST(BackoffTest, DoublesWhileUnreachableAndStaysAtTheCeiling) {
  Backoff backoff(config::BackoffOptions{}, always(1));
  EXPECT_EQ(delaysOf(11, [&] { return backoff.unreachable(); }),
            (std::vector<long>{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}));
  backoff.succeeded();
  EXPECT_EQ(backoff.unreachable(), 1s);
}

TEST(BackoffTest, WaitsLongerAfterEachRejectionAndThenAtASteadyPace) {
  Backoff backoff(config::BackoffOptions{}, always(1));
  EXPECT_EQ(delaysOf(5, [&] { return backoff.rejected(); }),
            (std::vector<long>{60, 300, 900, 900, 900}));
  EXPECT_EQ(backoff.rejections(), 5);
  backoff.succeeded();
  EXPECT_EQ(backoff.rejections(), 0);
  EXPECT_EQ(backoff.rejected(), 60s);
}

TEST(BackoffTest, NeverTriesAgainWhenConfigured) {
  config::BackoffOptions steps;
  steps.retry_rejected = 0ms;
  Backoff backoff(steps, always(0));
  EXPECT_EQ(delaysOf(4, [&] { return backoff.rejected(); }), (std::vector<long>{30, 150, -1, -1}));
}

TEST(BackoffTest, GoesOnWhereAnEarlierProcessStopped) {
  Backoff backoff(config::BackoffOptions{}, always(1));
  backoff.resume(2);
  EXPECT_EQ(backoff.rejected(), 900s);
}

TEST(BackoffTest, DoublesWhileThrottledUpToAQuarterOfAnHour) {
  Backoff backoff(config::BackoffOptions{}, always(1));
  EXPECT_EQ(delaysOf(6, [&] { return backoff.throttled({}); }),
            (std::vector<long>{60, 120, 240, 480, 900, 900}));
}

TEST(BackoffTest, NeverComesBackEarlierThanRetryAfterSays) {
  for (const double drawn : {0.0, 0.5, 0.999}) {
    Backoff backoff(config::BackoffOptions{}, always(drawn));
    const auto delay = backoff.throttled(20s);
    EXPECT_GE(*delay, 20s);
    EXPECT_LE(*delay, 22s);
  }
  Backoff backoff(config::BackoffOptions{}, always(0));
  EXPECT_EQ(backoff.throttled(std::chrono::seconds::max() / 2), 24h);
}

TEST(BackoffTest, DrawsFromTheUpperHalfOfEachStep) {
  for (const double drawn : {0.0, 0.25, 0.999}) {
    Backoff backoff(config::BackoffOptions{}, always(drawn));
    const auto delay = *backoff.rejected();
    EXPECT_GE(delay, 30s);
    EXPECT_LE(delay, 60s);
  }
}

}  // namespace
}  // namespace postern::credentials
