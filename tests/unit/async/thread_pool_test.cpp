#include "async/thread_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <latch>
#include <thread>

namespace postern::async {
namespace {

TEST(ThreadPoolTest, RunsJobsSideBySideUpToTheBound) {
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  std::atomic<int> done = 0;
  {
    ThreadPool workers(3);
    for (int i = 0; i < 100; ++i) {
      workers.run([&] {
        most = std::max(most.load(), ++at_once);
        std::this_thread::yield();
        --at_once;
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 100) << "the destructor finishes queued jobs";
  EXPECT_LE(most, 3);
}

TEST(ThreadPoolTest, GivesEachJobAThreadBelowTheBound) {
  ThreadPool workers(4);
  std::latch all_here(4);
  std::latch all_gone(4);
  for (int i = 0; i < 4; ++i) {
    workers.run([&] {
      all_here.arrive_and_wait();  // hangs unless all four run at once
      all_gone.count_down();
    });
  }
  all_gone.wait();
}

TEST(ThreadPoolTest, TakesTheBoundUpButNeverDown) {
  ThreadPool workers(1);
  workers.raiseBound(2);
  workers.raiseBound(1);
  std::latch both_here(2);
  std::latch both_gone(2);
  for (int i = 0; i < 2; ++i) {
    workers.run([&] {
      both_here.arrive_and_wait();
      both_gone.count_down();
    });
  }
  both_gone.wait();
}

// As in OpenSSL: thread-local data is freed as the last action of its thread.
struct LeftBehind {
  explicit LeftBehind(std::atomic<int>& all) : count(all) { ++count; }
  ~LeftBehind() {
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    --count;
  }
  std::atomic<int>& count;
};

TEST(ThreadPoolTest, LeavesNoThreadBehind) {
  std::atomic<int> left_behind = 0;
  {
    ThreadPool workers(4);
    std::latch all_here(4);
    for (int i = 0; i < 4; ++i) {
      workers.run([&] {
        thread_local const LeftBehind left(left_behind);
        all_here.arrive_and_wait();
      });
    }
    all_here.wait();
    EXPECT_EQ(left_behind, 4);
  }
  EXPECT_EQ(left_behind, 0);
}

// Threads created meanwhile would need a stack larger than the address space.
class NoThreads {
 public:
  NoThreads() {
    pthread_attr_init(&before_);
    pthread_getattr_default_np(&before_);
    pthread_attr_t impossible;
    pthread_attr_init(&impossible);
    pthread_attr_setstacksize(&impossible, std::size_t{1} << 50);
    pthread_setattr_default_np(&impossible);
    pthread_attr_destroy(&impossible);
  }
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_;
};

TEST(ThreadPoolTest, FinishesWithTheThreadsItHasWhenThereAreNoMore) {
  ThreadPool workers(4);
  const NoThreads none;
  std::latch done(10);
  for (int i = 0; i < 10; ++i) workers.run([&] { done.count_down(); });
  done.wait();
}

}  // namespace
}  // namespace postern::async
