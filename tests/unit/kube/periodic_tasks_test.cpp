#include "kube/periodic_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace postern::kube {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST(PeriodicTasksTest, EachIsDoneAtItsOwnTime) {
  std::promise<int> often;
  std::promise<void> rarely;
  int times = 0;
  PeriodicTasks tasks({[&](const std::stop_token&) {
                         rarely.set_value();  // a second time would throw
                         return 1h;
                       },
                       [&](const std::stop_token&) -> std::chrono::milliseconds {
                         if (++times == 3) often.set_value(times);
                         return times < 3 ? std::chrono::milliseconds(1ms)
                                          : std::chrono::milliseconds(1h);
                       }});

  rarely.get_future().get();
  EXPECT_EQ(often.get_future().get(), 3);
  EXPECT_TRUE(tasks.stop(deadlineIn(30s)));
}

TEST(PeriodicTasksTest, StopAtOnceWhileNothingIsDue) {
  PeriodicTasks tasks({[](const std::stop_token&) { return 1h; }});

  EXPECT_TRUE(tasks.stop(deadlineIn(30s)));
}

TEST(PeriodicTasksTest, SayWhenOneIsStillUnderWay) {
  std::promise<void> begun;
  std::promise<void> let_go;
  PeriodicTasks tasks({[&](const std::stop_token&) {
    begun.set_value();
    let_go.get_future().get();
    return 1h;
  }});
  begun.get_future().get();

  EXPECT_FALSE(tasks.stop(deadlineIn(1ms)));
  let_go.set_value();
  EXPECT_TRUE(tasks.stop(deadlineIn(30s)));
}

}  // namespace
}  // namespace postern::kube
