#include "upstream/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "async/group.h"
#include "async/loop.h"
#include "async/poller.h"
#include "unit/upstream/name_service.h"

namespace postern::upstream {
namespace {

using name_service::answers;
using name_service::asked;
using name_service::waitUntilAsked;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::vector<std::string> texts(const Result<std::vector<ResolvedAddress>>& addresses) {
  std::vector<std::string> result;
  if (!addresses) return {std::string(faultName(addresses.error().fault))};
  for (const ResolvedAddress& address : *addresses) result.push_back(address.text());
  return result;
}

using Resolved = Result<std::vector<ResolvedAddress>>;

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() { answers(false); }
  ~ResolverTest() override { answers(true); }

  // On its own event loop.
  static Resolved resolve(Resolver& resolver, const std::string& host, std::uint16_t port,
                          SteadyTime deadline) {
    const RealClock clock;
    const auto poller = async::makePoller();
    async::Loop loop(*poller, clock);
    async::Scope scope(loop, deadline);
    return loop.run(resolver.resolve(host, port, scope));
  }

  // A task on the fixture's loop.
  async::Task<> look(std::string host, async::Scope& scope, std::optional<Resolved>& resolved) {
    resolved = co_await resolver.resolve(std::move(host), 443, scope);
  }
  static async::Task<bool> joined(async::Group& tasks, async::Scope& scope) {
    co_return co_await tasks.join(scope);
  }

  // All posted functions have run.
  async::Task<bool> turned() { co_return co_await loop.turn(patience); }

  const RealClock clock;
  const std::unique_ptr<async::Poller> poller = async::makePoller();
  async::Loop loop{*poller, clock};
  async::Scope patience{loop, deadlineIn(10s)};
  Resolver resolver;
};

TEST_F(ResolverTest, NeedsNoLookupForNumbersAndLocalhost) {
  const auto resolves = [this](const std::string& host, const auto& expected) {
    SCOPED_TRACE(host);
    EXPECT_THAT(texts(resolve(resolver, host, 443, deadlineIn(0ms))), expected);
  };

  resolves("127.0.0.1", ElementsAre("127.0.0.1:443"));
  resolves("::1", ElementsAre("[::1]:443"));
  resolves("2001:db8::7", ElementsAre("[2001:db8::7]:443"));
  resolves("localhost", ElementsAre("127.0.0.1:443", "[::1]:443"));
  resolves("LocalHost.", ElementsAre("127.0.0.1:443", "[::1]:443"));
  EXPECT_EQ(asked(), 0);
}

TEST_F(ResolverTest, LooksAnyOtherNameUp) {
  answers(true);

  EXPECT_THAT(texts(resolve(resolver, "web.test", 8443, deadlineIn(10s))),
              ElementsAre("192.0.2.7:8443"));
  EXPECT_THAT(texts(resolve(resolver, "localhost2", 8443, deadlineIn(10s))),
              ElementsAre("192.0.2.7:8443"));
}

TEST_F(ResolverTest, NamesTheNameThatDoesNotExist) {
  answers(true);

  const auto addresses = resolve(resolver, "absent.test", 443, deadlineIn(10s));

  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().fault, Fault::Resolve);
  EXPECT_THAT(addresses.error().what, HasSubstr("absent.test"));
}

TEST_F(ResolverTest, SaysInOurWordsWhyALookupFailed) {
  answers(true);
  struct FailedLookup {
    std::string host;
    std::string why;
  };

  for (const auto& [host, why] : {
           FailedLookup{"absent.test", "the name service does not know the name"},
           FailedLookup{"empty.test", "the name has no IPv4 or IPv6 address"},
           FailedLookup{"failing.test", "the name service cannot be reached, or fails for now"},
           FailedLookup{"refused.test", "the name service refuses the query"},
       }) {
    const auto addresses = resolve(resolver, host, 443, deadlineIn(10s));
    ASSERT_FALSE(addresses);
    EXPECT_THAT(addresses.error().what, HasSubstr("no address for " + host + ": " + why));
  }
}

TEST_F(ResolverTest, LeavesASilentNameServiceAtTheDeadline) {
  const auto addresses = resolve(resolver, "web.test", 443, deadlineIn(20ms));

  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().fault, Fault::Timeout);
  EXPECT_THAT(addresses.error().what, HasSubstr("web.test"));
}

TEST_F(ResolverTest, IsDestroyedWhileALookupHangs) {
  auto hanging = std::make_unique<Resolver>();
  EXPECT_FALSE(resolve(*hanging, "web.test", 443, deadlineIn(0ms)));
  waitUntilAsked();

  hanging.reset();

  EXPECT_EQ(asked(), 1);
}

TEST_F(ResolverTest, AsksOnceForAllWhoWaitForAName) {
  EXPECT_FALSE(resolve(resolver, "web.test", 443, deadlineIn(0ms)));
  EXPECT_FALSE(resolve(resolver, "web.test", 444, deadlineIn(0ms)));
  waitUntilAsked();
  std::atomic<int> good = 0;
  std::vector<std::jthread> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back([&] {
      if (resolve(resolver, "web.test", 443, deadlineIn(10s))) ++good;
    });
  }

  EXPECT_EQ(asked(), 1);
  answers(true);
  waiting.clear();

  EXPECT_EQ(good, 4);
}

TEST_F(ResolverTest, AsksOnceForTheTasksOfOneLoop) {
  std::optional<Resolved> first;
  std::optional<Resolved> second;
  async::Group tasks;
  tasks.add(look("web.test", patience, first));
  tasks.add(look("web.test", patience, second));
  waitUntilAsked();
  EXPECT_FALSE(first || second);

  EXPECT_EQ(asked(), 1);
  answers(true);

  EXPECT_TRUE(loop.run(joined(tasks, patience)));
  EXPECT_THAT(texts(*first), ElementsAre("192.0.2.7:443"));
  EXPECT_THAT(texts(*second), ElementsAre("192.0.2.7:443"));
}

TEST_F(ResolverTest, LeavesALookupWhenItsScopeIsCancelled) {
  std::optional<Resolved> left;
  std::optional<Resolved> stayed;
  async::Scope scope(patience);
  async::Group tasks;
  tasks.add(look("web.test", scope, left));
  async::Group others;
  others.add(look("web.test", patience, stayed));
  waitUntilAsked();

  scope.cancel();
  EXPECT_TRUE(loop.run(joined(tasks, patience)));

  EXPECT_THAT(texts(*left), ElementsAre("timeout"));
  EXPECT_FALSE(stayed);
  answers(true);
  EXPECT_TRUE(loop.run(joined(others, patience)));
  EXPECT_THAT(texts(*stayed), ElementsAre("192.0.2.7:443"));
}

TEST_F(ResolverTest, AnswersATaskThatWasCancelledBeforeItBegan) {
  std::optional<Resolved> left;
  async::Scope scope(patience);
  async::Group tasks;
  scope.cancel();

  tasks.add(look("web.test", scope, left));

  ASSERT_TRUE(left);
  EXPECT_THAT(texts(*left), ElementsAre("timeout"));
}

TEST_F(ResolverTest, ForgetsATaskThatIsDestroyedWhileItWaits) {
  std::optional<Resolved> gone;
  std::optional<Resolved> stayed;
  std::optional<async::Group> tasks;
  tasks.emplace().add(look("web.test", patience, gone));
  async::Group others;
  others.add(look("web.test", patience, stayed));
  waitUntilAsked();

  tasks.reset();
  answers(true);

  EXPECT_TRUE(loop.run(joined(others, patience)));
  EXPECT_TRUE(stayed);
  EXPECT_FALSE(gone);
}

TEST_F(ResolverTest, ForgetsATaskThatIsDestroyedBeforeItHearsOfTheAnswer) {
  std::optional<Resolved> gone;
  std::optional<async::Group> tasks;
  tasks.emplace().add(look("web.test", patience, gone));
  waitUntilAsked();
  answers(true);
  while (!loop.inbox()->full()) std::this_thread::yield();

  tasks.reset();

  EXPECT_TRUE(loop.run(turned()));
  EXPECT_FALSE(gone);
}

}  // namespace
}  // namespace postern::upstream
