#include "async/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fakes/simulated_loop.h"

namespace postern::async {
namespace {

using testing::SimulatedLoop;
using namespace std::chrono_literals;

Task<int> three() {
  co_return 3;
}
Task<int> twice(Task<int> number) {
  const int value = co_await std::move(number);
  co_return 2 * value;
}
Task<int> later(Loop& loop, Scope& scope, int value) {
  const auto until = loop.now() + 10ms;
  if (const bool came = co_await loop.sleepUntil(until, scope); !came) co_return -1;
  co_return value;
}
Task<std::unique_ptr<std::string>> movable(std::string text) {
  co_return std::make_unique<std::string>(std::move(text));
}
Task<> throws() {
  throw std::runtime_error("thrown");
  co_return;
}

TEST(TaskTest, ReturnsWhatItsCoroutineReturns) {
  SimulatedLoop loop;
  Scope scope(loop);
  EXPECT_EQ(loop.run(three()), 3);
  EXPECT_EQ(loop.run(twice(three())), 6);
  EXPECT_EQ(loop.run(twice(later(loop, scope, 21))), 42);
  EXPECT_EQ(*loop.run(movable("a text that is too long for the object itself")),
            "a text that is too long for the object itself");
}

TEST(TaskTest, ThrowsWhatLeavesItsCoroutine) {
  SimulatedLoop loop;
  EXPECT_THROW(loop.run(throws()), std::runtime_error);
  struct Caught {
    static Task<std::string> run() {
      std::string what;
      try {
        co_await throws();
      } catch (const std::runtime_error& failure) {
        what = failure.what();
      }
      co_return what;
    }
  };
  EXPECT_EQ(loop.run(Caught::run()), "thrown");
}

TEST(TaskTest, DoesNotStartBeforeItIsAwaited) {
  bool started = false;
  struct Starts {
    static Task<> run(bool& started) {
      started = true;
      co_return;
    }
  };
  SimulatedLoop loop;
  auto task = Starts::run(started);
  EXPECT_FALSE(started);
  loop.run(std::move(task));
  EXPECT_TRUE(started);
}

// Would overflow the stack if each await used a deeper frame.
TEST(TaskTest, AwaitsManyTasksInARowOnOneStack) {
  struct Sums {
    static Task<long> ready(int count) {
      long sum = 0;
      for (int i = 0; i < count; ++i) sum += co_await three();
      co_return sum;
    }
    static Task<long> waiting(Loop& loop, Scope& scope, int count) {
      long sum = 0;
      for (int i = 0; i < count; ++i) sum += co_await turnsOnce(loop, scope);
      co_return sum;
    }
    static Task<int> turnsOnce(Loop& loop, Scope& scope) {
      co_return co_await loop.turn(scope) ? 1 : 0;
    }
  };
  SimulatedLoop loop;
  Scope scope(loop);
  EXPECT_EQ(loop.run(Sums::ready(200'000)), 600'000);
  EXPECT_EQ(loop.run(Sums::waiting(loop, scope, 50'000)), 50'000);
}

// Destroying a waiting task destroys the tasks that it awaits, and their resources.
TEST(TaskTest, IsDestroyedWithItsOwnerWhileItWaits) {
  SimulatedLoop loop;
  Scope scope(loop);
  const auto held = std::make_shared<int>();
  struct Holds {
    static Task<> outer(Loop& loop, Scope& scope, std::shared_ptr<int> held) {
      auto task = inner(loop, scope, held);
      co_await std::move(task);
    }
    static Task<> inner(Loop& loop, Scope& scope, std::shared_ptr<int>) {
      const auto until = loop.now() + 1h;
      co_await loop.sleepUntil(until, scope);
    }
  };
  {
    auto task = Holds::outer(loop, scope, held);
    task.start();
    EXPECT_EQ(held.use_count(), 3);
    EXPECT_FALSE(task.done());
  }
  EXPECT_EQ(held.use_count(), 1);
}

// On a new thread, which has no freed frames yet. The address sanitizer wants each frame to be new.
TEST(FrameAllocatorTest, GivesFreedFramesOfASizeAgain) {
  std::thread([] {
    void* const first = allocateFrame(100);
    freeFrame(first, 100);
    void* const second = allocateFrame(120);
#ifndef __SANITIZE_ADDRESS__
    EXPECT_EQ(second, first) << "both take 128 bytes";
#endif
    freeFrame(second, 120);
    void* const large = allocateFrame(1 << 20);
    EXPECT_NE(large, nullptr);
    freeFrame(large, 1 << 20);
  }).join();
}

}  // namespace
}  // namespace postern::async
