#include "async/scope.h"

#include <gtest/gtest.h>

#include <Poco/Net/DatagramSocket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/event.h"
#include "async/group.h"
#include "async/polled_socket.h"
#include "fakes/simulated_loop.h"

namespace postern::async {
namespace {

using testing::SimulatedLoop;
using namespace std::chrono_literals;

// A task of each type that can wait. It is started in a scope and records how its wait ended.
struct Waiter {
  Loop& loop;
  Event event{};
  Gate gate{1};
  Gate::Pass pass = gate.tryEnter();
  Poco::Net::DatagramSocket raw{};
  PolledSocket socket{loop, raw};

  Task<> event_(Scope& scope, std::optional<bool>& came) { came = co_await event.wait(scope); }
  Task<> gate_(Scope& scope, std::optional<bool>& came) {
    const auto entered = co_await gate.enter(scope);
    came = static_cast<bool>(entered);
  }
  Task<> sleep_(Scope& scope, std::optional<bool>& came) {
    const auto until = loop.now() + 5s;
    came = co_await loop.sleepUntil(until, scope);
  }
  Task<> readable_(Scope& scope, std::optional<bool>& came) {
    came = co_await socket.readable(scope);
  }
  Task<> writable_(Scope& scope, std::optional<bool>& came) {
    came = co_await socket.writable(scope);
  }
};

struct Case {
  const char* name;
  Task<> (Waiter::*wait)(Scope&, std::optional<bool>&);
  // Causes the event that the task waits for; the loop then needs a turn or some time.
  void (*come)(Waiter&, SimulatedLoop&);
};

const Case kCases[] = {
    {"event", &Waiter::event_, [](Waiter& waiter, SimulatedLoop&) { waiter.event.set(); }},
    {"gate", &Waiter::gate_, [](Waiter& waiter, SimulatedLoop&) { waiter.pass = Gate::Pass(); }},
    {"sleep", &Waiter::sleep_, [](Waiter&, SimulatedLoop& loop) { loop.fakeClock().advance(5s); }},
    {"readable", &Waiter::readable_,
     [](Waiter& waiter, SimulatedLoop& loop) {
       loop.poller().setReady(waiter.raw, Poller::kRead);
     }},
    {"writable", &Waiter::writable_,
     [](Waiter& waiter, SimulatedLoop& loop) {
       loop.poller().setReady(waiter.raw, Poller::kWrite);
     }},
};

// Some turns of the loop, during which no time passes.
void turns(SimulatedLoop& loop, int count = 3) {
  Scope scope(loop);
  struct Turns {
    static Task<> run(Loop& loop, Scope& scope, int count) {
      for (int i = 0; i < count; ++i) co_await loop.turn(scope);
    }
  };
  loop.run(Turns::run(loop, scope, count));
}

class EveryWaitTest : public ::testing::TestWithParam<Case> {
 protected:
  SimulatedLoop loop_;
  Waiter waiter_{loop_};
  std::optional<bool> came_;

  Task<> started(Scope& scope) {
    auto task = (waiter_.*GetParam().wait)(scope, came_);
    task.start();
    return task;
  }
  void come() { GetParam().come(waiter_, loop_); }
};

// Another task causes the event: the scope ends in the same turn of the loop.
using WaitForATaskTest = EveryWaitTest;

const auto kNameOf = [](const auto& test) { return std::string(test.param.name); };
INSTANTIATE_TEST_SUITE_P(Scope, EveryWaitTest, ::testing::ValuesIn(kCases), kNameOf);
INSTANTIATE_TEST_SUITE_P(Scope, WaitForATaskTest, ::testing::Values(kCases[0], kCases[1]), kNameOf);

TEST_P(EveryWaitTest, ReturnsTrueWhenItHasCome) {
  Scope scope(loop_);
  const auto task = started(scope);
  turns(loop_);
  EXPECT_FALSE(task.done());
  come();
  turns(loop_);
  EXPECT_EQ(came_, true);
}

TEST_P(EveryWaitTest, ReturnsFalseAtOnceInAScopeThatHasEnded) {
  Scope scope(loop_);
  scope.cancel();
  const auto task = started(scope);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(came_, false);
}

TEST_P(EveryWaitTest, ReturnsFalseInAScopeWhoseDeadlineHasPassedUnnoticed) {
  Scope scope(loop_, loop_.now() + 1s);
  loop_.fakeClock().advance(1s);
  const auto task = started(scope);
  EXPECT_EQ(came_, false);
  EXPECT_EQ(scope.end(), ScopeEnd::Deadline);
}

TEST_P(EveryWaitTest, ReturnsFalseWhenItIsCancelled) {
  Scope scope(loop_);
  const auto task = started(scope);
  scope.cancel();
  EXPECT_FALSE(task.done()) << "it continues when its turn comes";
  turns(loop_);
  EXPECT_EQ(came_, false);
  EXPECT_EQ(scope.end(), ScopeEnd::Cancelled);
}

TEST_P(EveryWaitTest, ReturnsFalseAtItsDeadline) {
  Scope scope(loop_, loop_.now() + 1s);
  const auto task = started(scope);
  loop_.fakeClock().advance(999ms);
  turns(loop_);
  EXPECT_FALSE(task.done());
  loop_.fakeClock().advance(1ms);
  turns(loop_);
  EXPECT_EQ(came_, false);
}

TEST_P(WaitForATaskTest, ReturnsTrueWhenItCameInTheSameTurnBeforeTheEnd) {
  Scope scope(loop_);
  const auto task = started(scope);
  come();
  scope.cancel();
  turns(loop_);
  EXPECT_EQ(came_, true);
}

TEST_P(EveryWaitTest, ReturnsFalseWhenItComesInTheSameTurnAfterTheEnd) {
  Scope scope(loop_);
  const auto task = started(scope);
  scope.cancel();
  come();
  turns(loop_);
  EXPECT_EQ(came_, false);
}

TEST_P(EveryWaitTest, IsNotTouchedWhenTheScopeEndsAfterIt) {
  Scope scope(loop_);
  const auto task = started(scope);
  come();
  turns(loop_);
  scope.cancel();
  turns(loop_);
  EXPECT_EQ(came_, true);
}

TEST_P(EveryWaitTest, LeavesEverythingWhenItIsDestroyed) {
  Scope scope(loop_, loop_.now() + 1s);
  { const auto task = started(scope); }
  come();
  scope.cancel();
  turns(loop_);
  EXPECT_EQ(came_, std::nullopt);
}

TEST_P(EveryWaitTest, LeavesEverythingWhenItIsDestroyedAfterItWasWoken) {
  Scope scope(loop_);
  {
    const auto task = started(scope);
    scope.cancel();
  }
  turns(loop_);
  EXPECT_EQ(came_, std::nullopt);
}

TEST(ScopeTest, EndsTheScopesWithinIt) {
  SimulatedLoop loop;
  Event never;
  Scope request(loop, loop.now() + 10s);
  Scope page(request, loop.now() + 20s);
  Scope exchange(page);
  std::optional<bool> came;
  Waiter waiter{loop};
  auto task = waiter.event_(exchange, came);
  task.start();
  EXPECT_EQ(exchange.deadline(), request.deadline());
  request.cancel();
  turns(loop);
  EXPECT_EQ(came, false);
  EXPECT_EQ(exchange.end(), ScopeEnd::Cancelled);
  Scope late(exchange);
  EXPECT_TRUE(late.ended()) << "made in a scope that has ended";
}

TEST(ScopeTest, LeavesTheScopesAroundItAlone) {
  SimulatedLoop loop;
  Scope request(loop);
  Scope page(request, loop.now() + 1s);
  loop.fakeClock().advance(1s);
  EXPECT_TRUE(page.ended());
  EXPECT_FALSE(request.ended());
}

// The deadline of a shared run moves while its tasks wait in nested scopes.
TEST(ScopeTest, FollowsADeadlineThatMoves) {
  for (const auto moved : {2s, 20s}) {
    SimulatedLoop loop;
    const auto began = loop.now();
    Scope run(loop, began + 10s);
    Scope exchange(run, began + 1min);
    std::optional<bool> came;
    Waiter waiter{loop};
    Group group;
    group.add(waiter.event_(exchange, came));
    turns(loop);
    run.setDeadline(began + moved);
    struct Joins {
      static Task<bool> all(Group& group, Scope& scope) { co_return co_await group.join(scope); }
    };
    Scope forever(loop);
    EXPECT_TRUE(loop.run(Joins::all(group, forever)));
    EXPECT_EQ(came, false);
    EXPECT_EQ(loop.now(), began + moved);
    EXPECT_EQ(exchange.end(), ScopeEnd::Deadline);
  }
}

TEST(ScopeTest, DoesNotReviveWhatHasEnded) {
  SimulatedLoop loop;
  Scope scope(loop, loop.now());
  EXPECT_TRUE(scope.ended());
  scope.setDeadline(loop.now() + 1h);
  EXPECT_TRUE(scope.ended());
}

TEST(GateTest, LetsThemInInTheirOrderAndPassesOnThePlaceOfOneThatIsDestroyed) {
  SimulatedLoop loop;
  Scope scope(loop);
  Gate gate(1);
  auto pass = gate.tryEnter();
  EXPECT_FALSE(gate.tryEnter());
  std::vector<int> order;
  struct Enters {
    static Task<> run(Gate& gate, Scope& scope, std::vector<int>& order, int number) {
      const auto pass = co_await gate.enter(scope);
      if (pass) order.push_back(number);
    }
  };
  std::vector<Task<>> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(Enters::run(gate, scope, order, i));
    tasks.back().start();
  }
  pass = Gate::Pass();
  tasks.erase(tasks.begin());  // woken, but not resumed yet
  turns(loop, 6);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
  EXPECT_EQ(gate.free(), 1U);
}

}  // namespace
}  // namespace postern::async
