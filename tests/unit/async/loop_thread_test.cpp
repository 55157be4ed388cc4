#include "async/loop_thread.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "base/clock.h"

namespace postern::async {
namespace {

using namespace std::chrono_literals;

class LoopThreadTest : public ::testing::Test {
 protected:
  const RealClock clock;
  LoopThread thread{clock};
};

TEST_F(LoopThreadTest, CallsAFunctionOnTheLoopsThread) {
  const auto there = thread.call([] { return std::this_thread::get_id(); });
  EXPECT_NE(there, std::this_thread::get_id());
  EXPECT_EQ(thread.call([] { return std::this_thread::get_id(); }), there);
}

Task<std::string> sleepThenSay(Loop& loop, std::string words) {
  Scope scope(loop);
  const auto until = loop.now() + 1ms;
  const bool slept = co_await loop.sleepUntil(until, scope);
  co_return slept ? words : std::string();
}

Task<> fail(Loop& loop) {
  Scope scope(loop);
  const bool turned = co_await loop.turn(scope);
  if (turned) throw std::runtime_error("why it failed");
}

TEST_F(LoopThreadTest, RunsATaskAndReturnsOrThrowsWhatItDoes) {
  EXPECT_EQ(thread.run(sleepThenSay(thread.loop(), "done")), "done");
  EXPECT_THROW(thread.run(fail(thread.loop())), std::runtime_error);
}

TEST_F(LoopThreadTest, RunsTasksOfSeveralThreads) {
  std::vector<std::thread> callers;
  std::vector<std::string> said(8);
  for (auto& words : said)
    callers.emplace_back([&] { words = thread.run(sleepThenSay(thread.loop(), "done")); });
  for (auto& caller : callers) caller.join();
  for (const auto& words : said) EXPECT_EQ(words, "done");
}

struct Noting {
  std::thread::id& destroyed_on;
  ~Noting() { destroyed_on = std::this_thread::get_id(); }
};

TEST_F(LoopThreadTest, DestroysAnObjectOnTheLoopsThread) {
  std::thread::id destroyed_on;
  auto object =
      std::shared_ptr<Noting>(new Noting{destroyed_on}, DeleteOnLoop<Noting>(thread.loop()));
  object.reset();
  EXPECT_EQ(thread.call([] { return std::this_thread::get_id(); }), destroyed_on);
}

TEST(DeleteOnLoopTest, DestroysAnObjectWhoseLoopIsGone) {
  const RealClock clock;
  auto thread = std::make_unique<LoopThread>(clock);
  std::thread::id destroyed_on;
  auto object =
      std::shared_ptr<Noting>(new Noting{destroyed_on}, DeleteOnLoop<Noting>(thread->loop()));
  thread.reset();
  object.reset();
  EXPECT_EQ(std::this_thread::get_id(), destroyed_on);
}

}  // namespace
}  // namespace postern::async
