#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "async/group.h"
#include "async/job_runner.h"
#include "async/scope.h"
#include "fakes/certificates.h"
#include "fakes/fake_http_client.h"
#include "fakes/fake_source.h"
#include "fakes/simulated_loop.h"
#include "session/session.h"

// A session's tasks when they are cancelled or destroyed, and the possible orders of the tasks of
// several scrapes.
namespace postern::session {
namespace {

using namespace std::chrono_literals;
using testing::FakeHttpClient;
using testing::SimulatedLoop;
using Authorized = std::optional<Result<Authorization>>;

constexpr std::chrono::milliseconds kLoginTakes{10};

// Runs the first `at_once` jobs at once; the others wait for release().
class HoldingRunner final : public async::JobRunner {
 public:
  void run(std::function<void()> job) override {
    if (at_once > 0) {
      --at_once;
      return job();
    }
    held.push_back(std::move(job));
  }
  void release() {
    at_once = 1000;
    for (const auto& job : std::exchange(held, {})) job();
  }

  int at_once = 1000;
  std::vector<std::function<void()>> held;
};

// A session whose login takes 10 ms: 4 until the head of the answer, 3 until its body and 3 until
// its end.
struct LoginScene {
  explicit LoginScene(SimulatedLoop& on, const std::filesystem::path& state_dir = {}) : loop(on) {
    target.name = "t";
    target.login.emplace();
    target.login->url = "/login";
    target.login->basic_auth = true;
    target.login->token.json = "/token";
    target.login->logout = config::Logout{"POST", "/logout"};
    target.login->logout_at_exit = true;
    target.credentials = config::Credentials{config::FileCredentials{}, std::nullopt, "Bearer"};
    source.gives("user", "password");
    start(state_dir);
  }
  void start(const std::filesystem::path& state_dir) {
    session.reset();
    StateFile state(state_dir, "t");
    auto store = std::make_shared<credentials::CredentialStore>(
        std::make_unique<testing::FakeSource>(source), "t", credentials::Schedule::mounted(),
        config::BackoffOptions{}, state.loaded().salt, loop.clock(), [] { return 0.999; });
    session = std::make_unique<Session>(
        target, SessionParts{std::move(store), client, loop, runner}, [] { return 0.999; },
        std::move(state));
  }
  // Without a login: the token of the source is sent unchanged.
  void sendsTokenItself() {
    target.login.reset();
    source.givesToken("secret");
  }
  void answers(int status) {
    client.answers([status](const upstream::Request&) { return answer(status); });
  }
  static Result<FakeHttpClient::Answer> answer(int status) {
    FakeHttpClient::Answer answer{status, R"({"token":"one","expires":3600})"};
    answer.after = 4ms;
    answer.block_after = 3ms;
    return answer;
  }

  Result<Authorization> authorize() {
    async::Scope scope(loop, loop.now() + 10s);
    return loop.run(session->authorize(scope, loop.now() + 10s));
  }
  async::Task<> authorizeInto(async::Scope& scope, Authorized& result) {
    const auto deadline = loop.now() + 10s;
    result = co_await session->authorize(scope, deadline);
  }
  async::Task<> logoutInto(async::Scope& scope, bool& ended) {
    co_await session->logout(scope);
    ended = true;
  }
  // Calls the function at that time.
  async::Task<> at(SteadyTime time, std::function<void()> function, async::Scope& scope) {
    const bool came = co_await loop.sleepUntil(time, scope);
    if (came) function();
  }
  void runFor(std::chrono::milliseconds time) {
    async::Scope scope(loop);
    loop.run(at(
        loop.now() + time, [] {}, scope));
  }
  static async::Task<bool> joined(async::Group& group, async::Scope& scope) {
    co_return co_await group.join(scope);
  }
  void finish(async::Group& group) {
    async::Scope scope(loop);
    ASSERT_TRUE(loop.run(joined(group, scope)));
  }
  // One login was sent, and its token is used without another login.
  void expectOneLogin() {
    const auto authorization = authorize();
    ASSERT_TRUE(authorization) << authorization.error().what;
    EXPECT_EQ(authorization->value.reveal(), "Bearer one");
    EXPECT_EQ(client.count(), 1);
    EXPECT_EQ(client.inFlight(), 0);
  }

  SimulatedLoop& loop;
  config::Target target;
  testing::SourceState source;
  HoldingRunner runner;
  FakeHttpClient client{[](const upstream::Request&) { return answer(200); }};
  std::unique_ptr<Session> session;
};

void expectTimeout(const Authorized& result) {
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(faultName(result->error().fault), "timeout");
  EXPECT_EQ(result->error().what, "the login in progress took longer than this scrape allows");
}

// Destroys the task that began a login at each moment of the login, and calls `then` after each.
template <typename Then>
void destroyTheTaskAtEachMoment(Then then) {
  for (auto destroyed_at = 0ms; destroyed_at < kLoginTakes; ++destroyed_at) {
    SCOPED_TRACE(destroyed_at.count());
    SimulatedLoop loop;
    LoginScene scene(loop);
    async::Scope scope(loop);
    Authorized result;
    {
      async::Group tasks;
      tasks.add(scene.authorizeInto(scope, result));
      scene.runFor(destroyed_at);
    }
    then(scene, result);
  }
}

TEST(SessionTasksTest, SendsNothingForAScrapeThatWasCancelledBefore) {
  SimulatedLoop loop;
  LoginScene scene(loop);
  async::Scope scope(loop);
  scope.cancel();
  expectTimeout(loop.run(scene.session->authorize(scope, loop.now() + 10s)));
  EXPECT_EQ(scene.client.count(), 0);
  scene.expectOneLogin();
}

TEST(SessionTasksTest, KeepsTheLoginThatACancelledScrapeBegan) {
  for (auto cancelled_at = 0ms; cancelled_at < kLoginTakes; ++cancelled_at) {
    SCOPED_TRACE(cancelled_at.count());
    SimulatedLoop loop;
    LoginScene scene(loop);
    const auto began = loop.now();
    async::Scope scope(loop);
    async::Group tasks;
    Authorized result;
    tasks.add(scene.authorizeInto(scope, result));
    tasks.add(scene.at(
        began + cancelled_at, [&] { scope.cancel(); }, scope));
    scene.finish(tasks);
    expectTimeout(result);
    EXPECT_EQ(loop.now() - began, cancelled_at);
    EXPECT_EQ(scene.client.inFlight(), 1);
    scene.expectOneLogin();
    EXPECT_EQ(loop.now() - began, kLoginTakes);
  }
}

TEST(SessionTasksTest, KeepsTheLoginWhenAScrapeIsCancelledAsItEnds) {
  std::set<bool> seen;
  testing::inEveryOrder([&](SimulatedLoop& loop) {
    LoginScene scene(loop);
    const auto end = loop.now() + kLoginTakes;
    async::Scope scope(loop);
    async::Scope whole(loop);
    async::Group tasks;
    Authorized result;
    tasks.add(scene.at(
        end, [&] { scope.cancel(); }, whole));
    tasks.add(scene.authorizeInto(scope, result));
    scene.finish(tasks);
    ASSERT_TRUE(result);
    seen.insert(static_cast<bool>(*result));
    if (!*result) expectTimeout(result);
    scene.expectOneLogin();
    EXPECT_EQ(loop.now(), end);
  });
  EXPECT_EQ(seen, (std::set{false, true}));
}

TEST(SessionTasksTest, IsNotTouchedByACancellationAfterTheEnd) {
  SimulatedLoop loop;
  LoginScene scene(loop);
  async::Scope scope(loop);
  const auto authorization = loop.run(scene.session->authorize(scope, loop.now() + 10s));
  scope.cancel();
  ASSERT_TRUE(authorization);
  scene.session->accepted(*authorization, 0);
  EXPECT_TRUE(scene.session->status().logged_in);
  scene.expectOneLogin();
  EXPECT_TRUE(loop.run(scene.session->authorize(scope, loop.now() + 10s)))
      << "an existing token needs no wait";
}

TEST(SessionTasksTest, KeepsTheLoginWhenTheTaskThatBeganItIsDestroyed) {
  destroyTheTaskAtEachMoment([](LoginScene& scene, const Authorized& result) {
    EXPECT_FALSE(result);
    scene.expectOneLogin();
  });
}

TEST(SessionTasksTest, MayLoseAWaitingTaskAsTheLoginEnds) {
  testing::inEveryOrder([](SimulatedLoop& loop) {
    LoginScene scene(loop);
    async::Scope scope(loop);
    Authorized result;
    Authorized other;
    auto waiting = std::make_unique<async::Group>();
    async::Group tasks;
    tasks.add(scene.at(
        loop.now() + kLoginTakes, [&] { waiting.reset(); }, scope));
    waiting->add(scene.authorizeInto(scope, result));
    tasks.add(scene.authorizeInto(scope, other));
    scene.finish(tasks);
    EXPECT_TRUE(other && *other);
    scene.expectOneLogin();
  });
}

TEST(SessionTasksTest, EndsTheLoginByItsOwnDeadline) {
  SimulatedLoop loop;
  LoginScene scene(loop);
  scene.client.answers([](const upstream::Request&) -> Result<FakeHttpClient::Answer> {
    FakeHttpClient::Answer never;
    never.hangs = true;
    return never;
  });
  const auto began = loop.now();
  async::Scope scope(loop);
  const auto result = loop.run(scene.session->authorize(scope, began + 5s));
  ASSERT_FALSE(result);
  EXPECT_EQ(faultName(result.error().fault), "timeout");
  EXPECT_EQ(result.error().what, "login: the service did not answer in time");
  EXPECT_EQ(loop.now() - began, 5s);
  EXPECT_EQ(scene.session->status().unreachable, 1U);
  EXPECT_EQ(scene.client.inFlight(), 0);
}

TEST(SessionTasksTest, ReadsACredentialThatTakesTooLongOnOneThread) {
  SimulatedLoop loop;
  LoginScene scene(loop);
  scene.runner.at_once = 0;
  const auto began = loop.now();
  for (int scrape = 0; scrape < 3; ++scrape) {
    async::Scope scope(loop);
    const auto result = loop.run(scene.session->authorize(scope, began + 5s));
    ASSERT_FALSE(result);
    EXPECT_EQ(faultName(result.error().fault), "credential_source");
    EXPECT_EQ(loop.now() - began, 5s);
    EXPECT_EQ(scene.runner.held.size(), 1U);
  }
  scene.runner.release();
  scene.runFor(1ms);
  scene.expectOneLogin();
}

TEST(SessionTasksTest, GivesTheProbeBackWhileItWaitsForTheStateFile) {
  for (const bool destroyed : {false, true}) {
    SCOPED_TRACE(destroyed);
    const testing::TemporaryFolder folder;
    SimulatedLoop loop;
    LoginScene scene(loop);
    scene.sendsTokenItself();
    scene.start(folder.path());
    scene.runner.at_once = 1;  // reads the credential
    async::Scope scope(loop);
    Authorized result;
    Authorized next;
    auto waiting = std::make_unique<async::Group>();
    waiting->add(scene.authorizeInto(scope, result));
    scene.runFor(1ms);
    ASSERT_EQ(scene.runner.held.size(), 1U);
    async::Scope other(loop);
    async::Group tasks;
    tasks.add(scene.authorizeInto(other, next));
    scene.runFor(1ms);
    EXPECT_FALSE(result || next);

    if (destroyed) {
      waiting.reset();
    } else {
      scope.cancel();
      scene.finish(*waiting);
      expectTimeout(result);
    }
    scene.runFor(1ms);
    scene.runner.release();
    scene.finish(tasks);
    ASSERT_TRUE(next && *next);
    EXPECT_TRUE((*next)->probe);
    next.reset();
    EXPECT_EQ(scene.session->status().rejections, 0);
  }
}

TEST(SessionTasksTest, TakesItsLoginWithIt) {
  destroyTheTaskAtEachMoment([](LoginScene& scene, const Authorized& result) {
    scene.session.reset();
    EXPECT_EQ(scene.client.inFlight(), 0);
    scene.runFor(2 * kLoginTakes);
    EXPECT_FALSE(result);
  });
}

TEST(SessionTasksTest, MayBeDestroyedAsItsLoginEnds) {
  testing::inEveryOrder([](SimulatedLoop& loop) {
    LoginScene scene(loop);
    async::Scope scope(loop);
    Authorized result;
    auto waiting = std::make_unique<async::Group>();
    async::Group tasks;
    const auto destroy = [&] {
      waiting.reset();
      scene.session.reset();
    };
    tasks.add(scene.at(loop.now() + kLoginTakes, destroy, scope));
    waiting->add(scene.authorizeInto(scope, result));
    scene.finish(tasks);
    scene.runFor(kLoginTakes);
    EXPECT_EQ(scene.client.inFlight(), 0);
  });
}

TEST(SessionTasksTest, LeavesAJobThatOutlivesItWhatItUses) {
  const testing::TemporaryFolder folder;
  for (const int at_once : {0, 1}) {  // the credential is being read, or the state written
    SCOPED_TRACE(at_once);
    SimulatedLoop loop;
    LoginScene scene(loop, folder.path());
    scene.runner.at_once = at_once;
    async::Scope scope(loop);
    Authorized result;
    auto waiting = std::make_unique<async::Group>();
    waiting->add(scene.authorizeInto(scope, result));
    scene.runFor(1ms);
    ASSERT_EQ(scene.runner.held.size(), 1U);
    waiting.reset();
    scene.session.reset();
    scene.runner.release();
    scene.runFor(1ms);
    EXPECT_FALSE(result);
    EXPECT_EQ(scene.client.count(), 0);
    std::filesystem::remove(folder.path() / "t.json");
  }
}

TEST(SessionTasksTest, SharesOneLoginInEveryOrder) {
  for (std::size_t scrapes = 2; scrapes <= 4; ++scrapes) {
    for (const int status : {200, 401}) {
      SCOPED_TRACE(std::to_string(scrapes) + ", " + std::to_string(status));
      const int orders = testing::inEveryOrder([&](SimulatedLoop& loop) {
        LoginScene scene(loop);
        scene.answers(status);
        async::Scope scope(loop);
        async::Group tasks;
        std::vector<Authorized> results(scrapes);
        for (auto& result : results) tasks.add(scene.authorizeInto(scope, result));
        scene.finish(tasks);
        for (const auto& result : results) {
          ASSERT_TRUE(result);
          EXPECT_EQ(static_cast<bool>(*result), status == 200);
          if (!*result) {
            EXPECT_EQ(faultName(result->error().fault), "login_rejected");
          }
        }
        EXPECT_EQ(scene.client.count(), 1);
        EXPECT_EQ(scene.session->status().rejections, status == 200 ? 0 : 1);
      });
      EXPECT_GE(orders, scrapes == 2 ? 2 : scrapes == 3 ? 6 : 24);
    }
  }
}

// A page request with the result of authorize(), and the service's answer.
struct SentPages {
  LoginScene& scene;
  int unproven = 0;
  int most_unproven = 0;
  int answered = 0;

  async::Task<> send(bool gives_up, async::Scope& scope) {
    const auto deadline = scene.loop.now() + 10s;
    auto authorization = co_await scene.session->authorize(scope, deadline);
    if (!authorization) co_return;
    const bool probe = authorization->probe != nullptr;
    if (probe) most_unproven = std::max(most_unproven, ++unproven);
    const auto until = scene.loop.now() + 1ms;
    co_await scene.loop.sleepUntil(until, scope);
    if (probe) --unproven;
    if (gives_up && probe) co_return;
    scene.session->accepted(*authorization, 0);
    ++answered;
  }
};

TEST(SessionTasksTest, SendsOneUnprovenCredentialAtATimeInEveryOrder) {
  for (int scrapes = 2; scrapes <= 3; ++scrapes) {
    SCOPED_TRACE(scrapes);
    testing::inEveryOrder([&](SimulatedLoop& loop) {
      LoginScene scene(loop);
      scene.sendsTokenItself();
      scene.start({});
      SentPages pages{scene};
      async::Scope scope(loop);
      async::Group tasks;
      for (int i = 0; i < scrapes; ++i) tasks.add(pages.send(/*gives_up=*/i == 0, scope));
      scene.finish(tasks);
      EXPECT_EQ(pages.most_unproven, 1);
      EXPECT_GE(pages.answered, scrapes - 1);
    });
  }
}

TEST(SessionTasksTest, EndsTheLogoutWithItsScope) {
  for (auto cancelled_at = 0ms; cancelled_at <= 2 * kLoginTakes; ++cancelled_at) {
    SCOPED_TRACE(cancelled_at.count());
    testing::inEveryOrder([&](SimulatedLoop& loop) {
      LoginScene scene(loop);
      ASSERT_TRUE(scene.authorize());
      const auto began = loop.now();
      async::Scope scope(loop);
      async::Scope whole(loop);
      async::Group tasks;
      bool ended = false;
      tasks.add(scene.at(
          began + cancelled_at, [&] { scope.cancel(); }, whole));
      tasks.add(scene.logoutInto(scope, ended));
      scene.finish(tasks);
      EXPECT_TRUE(ended);
      EXPECT_EQ(scene.client.inFlight(), 0);
      EXPECT_LE(loop.now() - began, std::max(cancelled_at, kLoginTakes));
      EXPECT_FALSE(scene.session->status().logged_in) << "the token is not used again";
    });
  }
}

TEST(SessionTasksTest, SendsNoLogoutForAScopeThatHasEnded) {
  SimulatedLoop loop;
  LoginScene scene(loop);
  ASSERT_TRUE(scene.authorize());
  async::Scope scope(loop);
  scope.cancel();
  loop.run(scene.session->logout(scope));
  EXPECT_EQ(scene.client.count(), 1);
}

TEST(SessionTasksTest, TheLogoutMayBeDestroyedWithTheSession) {
  for (auto destroyed_at = 0ms; destroyed_at <= kLoginTakes; ++destroyed_at) {
    SCOPED_TRACE(destroyed_at.count());
    SimulatedLoop loop;
    LoginScene scene(loop);
    ASSERT_TRUE(scene.authorize());
    async::Scope scope(loop);
    bool ended = false;
    {
      async::Group tasks;
      tasks.add(scene.logoutInto(scope, ended));
      scene.runFor(destroyed_at);
    }
    scene.session.reset();
    EXPECT_EQ(scene.client.inFlight(), 0);
    scene.runFor(kLoginTakes);
  }
}

}  // namespace
}  // namespace postern::session
