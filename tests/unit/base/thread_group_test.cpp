#include "base/thread_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

namespace postern {
namespace {

void endAll(ThreadGroup& crew) {
  for (auto& thread : crew.end()) thread.join();
}

TEST(ThreadGroupTest, StartsThreadsUntilItIsEnded) {
  ThreadGroup crew("for a test");
  std::atomic<int> worked = 0;
  EXPECT_TRUE(crew.start([&] { ++worked; }));
  EXPECT_TRUE(crew.start([&] { ++worked; }));
  EXPECT_EQ(crew.size(), 2U);

  endAll(crew);
  EXPECT_EQ(worked, 2);
  EXPECT_EQ(crew.size(), 0U);
  EXPECT_FALSE(crew.start([&] { ++worked; }));
}

TEST(ThreadGroupTest, CountsNoThreadThatHasLeft) {
  ThreadGroup crew("for a test");
  std::mutex mutex;
  std::atomic<bool> left = false;
  const auto leave = [&] {
    const std::lock_guard lock(mutex);
    left = crew.leave();
    left.notify_one();
  };
  {
    const std::lock_guard lock(mutex);
    ASSERT_TRUE(crew.start(leave));
    EXPECT_EQ(crew.size(), 1U);
  }
  left.wait(false);
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(crew.size(), 0U);
    EXPECT_TRUE(crew.start([] {}));  // joins it
    EXPECT_EQ(crew.size(), 1U);
  }
  endAll(crew);
}

TEST(ThreadGroupTest, LetsNoThreadLeaveThatAnotherJoins) {
  ThreadGroup crew("for a test");
  std::mutex mutex;
  std::atomic<bool> left = true;
  std::unique_lock lock(mutex);
  ASSERT_TRUE(crew.start([&] {
    const std::lock_guard own(mutex);
    left = crew.leave();
  }));
  auto threads = crew.end();
  lock.unlock();

  ASSERT_EQ(threads.size(), 1U);
  threads.front().join();
  EXPECT_FALSE(left);
}

TEST(ThreadGroupTest, GivesThoseThatHaveLeftToWhomEndsIt) {
  ThreadGroup crew("for a test");
  std::mutex mutex;
  std::atomic<bool> left = false;
  {
    const std::lock_guard lock(mutex);
    ASSERT_TRUE(crew.start([&] {
      const std::lock_guard own(mutex);
      left = crew.leave();
      left.notify_one();
    }));
  }
  left.wait(false);
  const std::lock_guard lock(mutex);
  auto threads = crew.end();
  ASSERT_EQ(threads.size(), 1U);
  threads.front().join();
}

}  // namespace
}  // namespace postern
