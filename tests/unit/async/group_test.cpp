#include "async/group.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

#include "async/loop.h"
#include "fakes/simulated_loop.h"

namespace postern::async {
namespace {

using testing::SimulatedLoop;
using namespace std::chrono_literals;

struct Jobs {
  int at_once = 0;
  int most = 0;
  int done = 0;

  Task<> sleeps(Loop& loop, Scope& scope, std::chrono::milliseconds time) {
    most = std::max(most, ++at_once);
    const auto until = loop.now() + time;
    if (const bool came = co_await loop.sleepUntil(until, scope); came) ++done;
    --at_once;
  }
  Task<> endsAtOnce() {
    ++done;
    co_return;
  }
  Task<> fails() {
    throw std::runtime_error("one of them");
    co_return;
  }
};

Task<bool> joined(Group& group, Scope& scope) {
  co_return co_await group.join(scope);
}

TEST(GroupTest, RunsTasksSideBySideUpToTheBound) {
  SimulatedLoop loop;
  Scope scope(loop);
  Jobs jobs;
  Group group(4);
  const auto began = loop.now();
  for (int i = 0; i < 20; ++i) group.add(jobs.sleeps(loop, scope, 100ms));
  EXPECT_EQ(group.size(), 20U);
  EXPECT_TRUE(loop.run(joined(group, scope)));
  EXPECT_EQ(jobs.done, 20);
  EXPECT_EQ(jobs.most, 4);
  EXPECT_EQ(loop.now() - began, 500ms);
}

TEST(GroupTest, EndsTheWaitForThemWithItsScope) {
  SimulatedLoop loop;
  Scope work(loop);
  Scope wait(loop, loop.now() + 10ms);
  Jobs jobs;
  Group group;
  group.add(jobs.sleeps(loop, work, 1h));
  EXPECT_FALSE(loop.run(joined(group, wait)));
  EXPECT_EQ(group.size(), 1U);
}

TEST(GroupTest, DestroysWhatHasNotEnded) {
  SimulatedLoop loop;
  Scope scope(loop);
  Jobs jobs;
  {
    Group group(1);
    group.add(jobs.sleeps(loop, scope, 1h));
    group.add(jobs.sleeps(loop, scope, 1h));
  }
  EXPECT_EQ(jobs.done, 0);
}

TEST(GroupTest, TakesManyTasksThatEndAtOnce) {
  SimulatedLoop loop;
  Scope scope(loop);
  Jobs jobs;
  Group group(1);
  group.add(jobs.sleeps(loop, scope, 1ms));
  for (int i = 0; i < 100'000; ++i) group.add(jobs.endsAtOnce());
  EXPECT_TRUE(loop.run(joined(group, scope)));
  EXPECT_EQ(jobs.done, 100'001);
}

TEST(GroupTest, GoesOnWhenOneThrows) {
  SimulatedLoop loop;
  Scope scope(loop);
  Jobs jobs;
  Group group(1);
  group.add(jobs.fails());
  group.add(jobs.endsAtOnce());
  EXPECT_TRUE(loop.run(joined(group, scope)));
  EXPECT_EQ(jobs.done, 1);
}

// For every order in which up to four ready tasks can be resumed: each task runs, and the join is
// last.
TEST(GroupTest, JoinsInEveryOrderOfUpToFourTasks) {
  for (int tasks = 1; tasks <= 4; ++tasks) {
    std::set<std::vector<int>> orders;
    const int runs = testing::inEveryOrder([&](SimulatedLoop& loop) {
      Scope scope(loop);
      std::vector<int> order;
      Event go;
      struct Waits {
        static Task<> run(Event& go, Scope& scope, std::vector<int>& order, int number) {
          if (const bool came = co_await go.wait(scope); came) order.push_back(number);
        }
        static Task<> whole(Event& go, Group& group, Scope& scope, std::vector<int>& order) {
          go.set();
          if (const bool came = co_await group.join(scope); came) order.push_back(-1);
        }
      };
      Group group;
      for (int i = 0; i < tasks; ++i) group.add(Waits::run(go, scope, order, i));
      loop.run(Waits::whole(go, group, scope, order));
      ASSERT_EQ(order.back(), -1);
      orders.insert(order);
    });
    const std::vector<int> factorial{1, 1, 2, 6, 24};
    EXPECT_EQ(runs, factorial[static_cast<std::size_t>(tasks)]);
    EXPECT_EQ(static_cast<int>(orders.size()), factorial[static_cast<std::size_t>(tasks)]);
  }
}

}  // namespace
}  // namespace postern::async
