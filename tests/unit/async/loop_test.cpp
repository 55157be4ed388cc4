#include "async/loop.h"

#include <gtest/gtest.h>

#include <Poco/Net/DatagramSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "async/group.h"
#include "async/offload.h"
#include "async/polled_socket.h"
#include "async/thread_pool.h"
#include "fakes/inline_runner.h"
#include "fakes/simulated_loop.h"

namespace postern::async {
namespace {

using testing::SimulatedLoop;
using namespace std::chrono_literals;

TEST(LoopTest, SleepsUntilTheTime) {
  SimulatedLoop loop;
  Scope scope(loop);
  Group group;
  std::vector<int> order;
  const auto began = loop.now();
  struct Sleeps {
    static Task<> run(Loop& loop, Scope& scope, SteadyTime until, std::vector<int>& order,
                      int number) {
      if (const bool came = co_await loop.sleepUntil(until, scope); came) order.push_back(number);
    }
    static Task<bool> all(Group& group, Scope& scope) { co_return co_await group.join(scope); }
  };
  int number = 0;
  for (const auto time : {300ms, 100ms, 200ms, -1ms})
    group.add(Sleeps::run(loop, scope, began + time, order, number++));
  EXPECT_TRUE(loop.run(Sleeps::all(group, scope)));
  EXPECT_EQ(order, (std::vector{3, 1, 2, 0}));
  EXPECT_EQ(loop.now() - began, 300ms);
}

// A task that computes for long yields to other tasks, timers and sockets.
TEST(LoopTest, LetsOthersGoFirst) {
  SimulatedLoop loop;
  Scope scope(loop);
  Poco::Net::DatagramSocket raw;
  PolledSocket socket(loop, raw);
  loop.poller().setReady(raw, Poller::kRead);
  bool read = false;
  struct Tasks {
    static Task<> reads(PolledSocket& socket, Scope& scope, bool& read) {
      read = co_await socket.readable(scope);
    }
    static Task<int> computes(Loop& loop, Scope& scope, const bool& read) {
      int turns = 0;
      while (!read && turns < 100) {
        co_await loop.turn(scope);
        ++turns;
      }
      co_return turns;
    }
  };
  Group group;
  group.add(Tasks::reads(socket, scope, read));
  EXPECT_LE(loop.run(Tasks::computes(loop, scope, read)), 2);
  EXPECT_TRUE(read);
}

// A persistent connection costs no poller call per request. The poller reports a connection without
// a waiter only once.
TEST(PolledSocketTest, StaysInThePollerWhileItIsWaitedFor) {
  SimulatedLoop loop;
  Scope scope(loop);
  Poco::Net::DatagramSocket raw;
  loop.poller().setReady(raw, Poller::kRead);
  {
    PolledSocket socket(loop, raw);
    struct Reads {
      static Task<> run(Loop& loop, PolledSocket& socket, Scope& scope, int times) {
        for (int i = 0; i < times; ++i) co_await socket.readable(scope);
        EXPECT_NE(times, 0);
        for (int i = 0; i < 3; ++i) co_await loop.turn(scope);
      }
    };
    EXPECT_EQ(loop.poller().wanted(raw), 0);
    auto task = Reads::run(loop, socket, scope, 3);
    task.start();
    EXPECT_EQ(loop.poller().wanted(raw), Poller::kRead);
    loop.run(std::move(task));
    EXPECT_EQ(loop.poller().wanted(raw), 0) << "it was ready while nobody waited";
  }
  EXPECT_EQ(loop.poller().wanted(raw), 0);
}

// With the system's poller, clock and sockets.
class RealLoopTest : public ::testing::Test {
 protected:
  RealClock clock_;
  std::unique_ptr<Poller> poller_ = makePoller();
  Loop loop_{*poller_, clock_};
  Scope scope_{loop_, deadlineIn(10s)};

  static Task<bool> readable(PolledSocket& socket, Scope& scope) {
    co_return co_await socket.readable(scope);
  }
  static Task<bool> writable(PolledSocket& socket, Scope& scope) {
    co_return co_await socket.writable(scope);
  }
};

TEST_F(RealLoopTest, WaitsForASocket) {
  Poco::Net::ServerSocket listening(Poco::Net::SocketAddress("127.0.0.1", 0));
  Poco::Net::StreamSocket client(listening.address());
  auto accepted = listening.acceptConnection();
  PolledSocket socket(loop_, accepted);
  EXPECT_TRUE(loop_.run(writable(socket, scope_)));
  {
    Scope brief(scope_, deadlineIn(20ms));
    EXPECT_FALSE(loop_.run(readable(socket, brief)));
  }
  client.sendBytes("a", 1);
  EXPECT_TRUE(loop_.run(readable(socket, scope_)));
  char byte = 0;
  accepted.receiveBytes(&byte, 1);
  client.close();
  EXPECT_TRUE(loop_.run(readable(socket, scope_))) << "the end can be read";
}

TEST_F(RealLoopTest, RunsWhatOtherThreadsPost) {
  std::atomic<int> done = 0;
  std::thread runner([&] { loop_.run(); });
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 1000; ++k) loop_.inbox()->post([&] { ++done; });
      });
    }
  }
  loop_.stop();
  runner.join();
  EXPECT_EQ(done, 4000);
}

TEST(InboxTest, DropsWhatIsPostedToALoopThatIsGone) {
  std::shared_ptr<Inbox> inbox;
  const auto held = std::make_shared<int>();
  {
    SimulatedLoop loop;
    inbox = loop.inbox();
    EXPECT_TRUE(inbox->post([held] {}));
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(inbox->post([held] {}));
}

TEST_F(RealLoopTest, OffloadsWhatMayBlock) {
  ThreadPool pool(2);
  struct Offloads {
    static Task<std::optional<std::thread::id>> run(ThreadPool& pool, Scope& scope) {
      auto blocks = [] { return std::this_thread::get_id(); };
      co_return co_await offload(pool, scope, std::move(blocks));
    }
  };
  const auto thread = loop_.run(Offloads::run(pool, scope_));
  ASSERT_TRUE(thread);
  EXPECT_NE(*thread, std::this_thread::get_id());
}

TEST_F(RealLoopTest, LeavesACallThatOutlastsItsScope) {
  std::atomic<bool> end = false;
  struct Offloads {
    static Task<std::optional<int>> run(ThreadPool& pool, Scope& scope, std::atomic<bool>& end) {
      auto blocks = [&end] {
        end.wait(false);
        return 1;
      };
      co_return co_await offload(pool, scope, std::move(blocks));
    }
  };
  ThreadPool pool(1);
  Scope brief(scope_, deadlineIn(10ms));
  EXPECT_EQ(loop_.run(Offloads::run(pool, brief, end)), std::nullopt);
  end = true;
  end.notify_all();
}

Task<std::optional<int>> offloadAtOnce(testing::InlineRunner& runner, Scope& scope) {
  auto computes = [] { return 7; };
  co_return co_await offload(runner, scope, std::move(computes));
}

TEST(OffloadTest, TakesNoTimeOnASimulatedLoop) {
  testing::SimulatedLoop loop;
  testing::InlineRunner runner;
  Scope scope(loop, loop.now() + std::chrono::seconds(1));
  const auto began = loop.now();
  EXPECT_EQ(loop.run(offloadAtOnce(runner, scope)), 7);
  EXPECT_EQ(loop.now(), began);
  EXPECT_EQ(runner.jobs, 1);
}

}  // namespace
}  // namespace postern::async
