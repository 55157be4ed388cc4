#include "base/long_mutex.h"

#include <gtest/gtest.h>

#include <mutex>

namespace postern {
namespace {

#ifdef NDEBUG
constexpr int kCounted = 0;
#else
constexpr int kCounted = 1;
#endif

TEST(LongMutexTest, IsNotAmongTheMutexesThatAreHeldForAMoment) {
  std::mutex one, other;
  LongMutex slow;
  EXPECT_EQ(heldMutexes(), 0);
  {
    const std::lock_guard hold_slow(slow);
    EXPECT_EQ(heldMutexes(), 0);
    const std::lock_guard hold_one(one);
    EXPECT_EQ(heldMutexes(), kCounted);
    std::unique_lock hold_other(other, std::try_to_lock);
    EXPECT_EQ(heldMutexes(), 2 * kCounted);
    hold_other.unlock();
    EXPECT_EQ(heldMutexes(), kCounted);
  }
  EXPECT_EQ(heldMutexes(), 0);
}

TEST(LongMutexTest, CallsForReliefBeforeItIsTaken) {
  int calls = 0;
  const Relief relief([&] { ++calls; });
  LongMutex slow;
  const std::lock_guard hold(slow);
  EXPECT_EQ(calls, 1);
}

TEST(LongMutexDeathTest, NobodyHoldsAMutexWhoCallsForRelief) {
  std::mutex mutex;
  LongMutex slow;
  const std::lock_guard hold_slow(slow);
  Relief::call();
  const std::lock_guard hold(mutex);
  Relief::call(1);
  EXPECT_DEBUG_DEATH(Relief::call(), "heldMutexes");
}

}  // namespace
}  // namespace postern
