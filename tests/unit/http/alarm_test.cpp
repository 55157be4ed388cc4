#include "http/alarm.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace postern::http {
namespace {

using namespace std::chrono_literals;

bool rings(const Alarm& alarm, std::chrono::milliseconds patience) {
  pollfd waiting{alarm.descriptor(), POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(patience.count())) == 1;
}

TEST(AlarmTest, RingsWhenADeadlineHasCome) {
  Alarm alarm;
  EXPECT_FALSE(rings(alarm, 0ms));
  const auto deadline = deadlineIn(20ms);
  alarm.ringBy(deadline);
  EXPECT_TRUE(rings(alarm, 60s));
  EXPECT_GE(std::chrono::steady_clock::now(), deadline);
}

TEST(AlarmTest, RingsAtOnceForOneThatHasPassed) {
  Alarm alarm;
  alarm.ringBy(deadlineIn(-1s));
  EXPECT_TRUE(rings(alarm, 60s));
}

TEST(AlarmTest, RingsByTheFirstOfSeveral) {
  Alarm alarm;
  alarm.ringBy(SteadyTime::max());
  alarm.ringBy(deadlineIn(10ms));
  alarm.ringBy(deadlineIn(10min));
  EXPECT_TRUE(rings(alarm, 60s));
}

TEST(AlarmTest, KnowsOfNoDeadlineOnceItHasRung) {
  Alarm alarm;
  alarm.ringBy(deadlineIn(-1s));
  ASSERT_TRUE(rings(alarm, 60s));
  alarm.rang();
  alarm.ringBy(deadlineIn(10min));
  EXPECT_FALSE(rings(alarm, 0ms));
}

}  // namespace
}  // namespace postern::http
