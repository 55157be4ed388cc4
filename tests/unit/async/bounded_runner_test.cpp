#include "async/bounded_runner.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <vector>

namespace postern::async {
namespace {

// Runs its jobs when the test calls for them.
class HeldRunner final : public JobRunner {
 public:
  void run(std::function<void()> job) override { jobs.push_back(std::move(job)); }
  void runFirst() {
    const auto job = std::move(jobs.front());
    jobs.erase(jobs.begin());
    job();
  }

  std::vector<std::function<void()>> jobs;
};

class BoundedRunnerTest : public ::testing::Test {
 protected:
  void give(int number) {
    bounded->run([this, number] { ran.push_back(number); });
  }

  HeldRunner runner;
  std::optional<BoundedRunner> bounded{std::in_place, runner, 2};
  std::vector<int> ran;
};

TEST_F(BoundedRunnerTest, RunsNoMoreJobsAtATimeThanItsBound) {
  for (int i = 0; i < 5; ++i) give(i);
  EXPECT_EQ(runner.jobs.size(), 2U);
}

TEST_F(BoundedRunnerTest, RunsWaitingJobsInTheirOrderWhereOneHasEnded) {
  for (int i = 0; i < 4; ++i) give(i);
  runner.runFirst();
  EXPECT_EQ(ran, (std::vector{0, 2, 3}));
  runner.runFirst();
  EXPECT_EQ(ran, (std::vector{0, 2, 3, 1}));
}

TEST_F(BoundedRunnerTest, HasAFreeTurnAgainWhenAllHaveEnded) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) give(i);
    EXPECT_EQ(runner.jobs.size(), 2U);
    runner.runFirst();
    runner.runFirst();
  }
  EXPECT_EQ(ran.size(), 9U);
}

TEST_F(BoundedRunnerTest, RunsJobsThatWaitAlsoWhenItIsGone) {
  for (int i = 0; i < 3; ++i) give(i);
  bounded.reset();
  runner.runFirst();
  EXPECT_EQ(ran, (std::vector{0, 2}));
}

TEST_F(BoundedRunnerTest, AJobThatGivesAnotherOneWaitsForNoTurn) {
  bounded.emplace(runner, 1);
  bounded->run([this] { give(7); });
  runner.runFirst();
  EXPECT_EQ(ran, (std::vector{7}));
}

}  // namespace
}  // namespace postern::async
