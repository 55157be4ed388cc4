#include "base/thread_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

namespace postern {
namespace {

void endAll(ThreadGroup& group) {
  for (auto& thread : group.end()) thread.join();
}

TEST(ThreadGroupTest, StartsThreadsUntilItIsEnded) {
  ThreadGroup group("for a test");
  std::atomic<int> worked = 0;
  EXPECT_TRUE(group.start([&] { ++worked; }));
  EXPECT_TRUE(group.start([&] { ++worked; }));
  EXPECT_EQ(group.size(), 2U);

  endAll(group);
  EXPECT_EQ(worked, 2);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_FALSE(group.start([&] { ++worked; }));
}

TEST(ThreadGroupTest, CountsNoThreadThatHasLeft) {
  ThreadGroup group("for a test");
  std::mutex mutex;
  std::atomic<bool> left = false;
  const auto leave = [&] {
    const std::lock_guard lock(mutex);
    left = group.leave();
    left.notify_one();
  };
  {
    const std::lock_guard lock(mutex);
    ASSERT_TRUE(group.start(leave));
    EXPECT_EQ(group.size(), 1U);
  }
  left.wait(false);
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(group.size(), 0U);
    EXPECT_TRUE(group.start([] {}));  // joins it
    EXPECT_EQ(group.size(), 1U);
  }
  endAll(group);
}

TEST(ThreadGroupTest, LetsNoThreadLeaveThatAnotherJoins) {
  ThreadGroup group("for a test");
  std::mutex mutex;
  std::atomic<bool> left = true;
  std::unique_lock lock(mutex);
  ASSERT_TRUE(group.start([&] {
    const std::lock_guard own(mutex);
    left = group.leave();
  }));
  auto threads = group.end();
  lock.unlock();

  ASSERT_EQ(threads.size(), 1U);
  threads.front().join();
  EXPECT_FALSE(left);
}

TEST(ThreadGroupTest, GivesThoseThatHaveLeftToWhomEndsIt) {
  ThreadGroup group("for a test");
  std::mutex mutex;
  std::atomic<bool> left = false;
  {
    const std::lock_guard lock(mutex);
    ASSERT_TRUE(group.start([&] {
      const std::lock_guard own(mutex);
      left = group.leave();
      left.notify_one();
    }));
  }
  left.wait(false);
  const std::lock_guard lock(mutex);
  auto threads = group.end();
  ASSERT_EQ(threads.size(), 1U);
  threads.front().join();
}

}  // namespace
}  // namespace postern
