#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "fakes/fake_http_client.h"
#include "fakes/fake_source.h"
#include "fakes/inline_runner.h"
#include "fakes/simulated_loop.h"
#include "session/session.h"

// The number of logins that a service gets, for each kind of login and each answer.
namespace postern::session {
namespace {

using namespace std::chrono_literals;
using testing::FakeHttpClient;

struct LoginKind {
  std::string name;
  config::Login login;
  bool oauth2 = false;
  FakeHttpClient::Answer token;  // what contains the token, besides the status
};

config::Login loginWith(void (*set)(config::Login&)) {
  config::Login login;
  login.url = "/login";
  set(login);
  return login;
}

// Each form of the credential and each place of the token.
std::vector<LoginKind> loginKinds() {
  const FakeHttpClient::Answer in_json{200, R"({"token":"abc","expires":3600})", {}};
  const FakeHttpClient::Answer in_header{200, "", {{"x-token", "abc"}}};
  const FakeHttpClient::Answer in_cookie{200, "<html>", {{"set-cookie", "sid=abc; Path=/"}}};
  return {
      {"basic, token in JSON", loginWith([](config::Login& login) {
         login.basic_auth = true;
         login.token.json = "/token";
       }),
       false, in_json},
      {"JSON, token in JSON", loginWith([](config::Login& login) {
         login.json_body = R"({"user":"{{username}}","password":"{{password}}"})";
         login.token.json = "/token";
       }),
       false, in_json},
      {"form, token in JSON", loginWith([](config::Login& login) {
         login.form = {{"user", "{{username}}"}, {"password", "{{password}}"}};
         login.token.json = "/token";
       }),
       false, in_json},
      {"JSON, token in a header", loginWith([](config::Login& login) {
         login.json_body = R"({"user":"{{username}}","password":"{{password}}"})";
         login.token.header = "X-Token";
       }),
       false, in_header},
      {"form, token in a cookie", loginWith([](config::Login& login) {
         login.form = {{"user", "{{username}}"}, {"password", "{{password}}"}};
         login.token.cookie = "sid";
       }),
       false, in_cookie},
      {"oauth2", loginWith([](config::Login& login) { login.token.json = "/access_token"; }), true,
       FakeHttpClient::Answer{200, R"({"access_token":"abc","token_type":"bearer"})", {}}},
  };
}

enum class Expected { Success, Rejected, Throttled, Failed };

struct Case {
  int status;
  bool token;        // whether the answer has one
  Expected of_body;  // of a login whose token is in the body
  Expected of_head;  // of one whose token is in the head
};

constexpr Expected kSuccess = Expected::Success;
constexpr Expected kRejected = Expected::Rejected;
constexpr Expected kThrottled = Expected::Throttled;
constexpr Expected kFailed = Expected::Failed;

const std::vector<Case> kCases = {
    {200, true, kSuccess, kSuccess},      {200, false, kRejected, kRejected},
    {204, false, kRejected, kRejected},   {302, false, kFailed, kRejected},
    {302, true, kFailed, kSuccess},       {400, false, kRejected, kRejected},
    {401, false, kRejected, kRejected},   {401, true, kRejected, kRejected},
    {403, false, kRejected, kRejected},   {404, false, kFailed, kFailed},
    {405, false, kFailed, kFailed},       {408, false, kFailed, kFailed},
    {409, false, kRejected, kRejected},   {412, false, kRejected, kRejected},
    {418, false, kRejected, kRejected},   {419, false, kRejected, kRejected},
    {422, false, kRejected, kRejected},   {423, false, kRejected, kRejected},
    {429, false, kThrottled, kThrottled}, {498, false, kRejected, kRejected},
    {500, false, kFailed, kFailed},       {503, false, kFailed, kFailed},
};

class LockoutTest : public ::testing::Test {
 protected:
  LockoutTest() {
    // In memory if possible: each login waits until its state is on the disk.
    const std::filesystem::path memory = "/dev/shm";
    const bool writable = ::access(memory.c_str(), W_OK) == 0;
    folder = (writable ? memory : std::filesystem::path(::testing::TempDir())) /
             ("postern-lockout" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    source.gives("user", "wrong");
  }
  ~LockoutTest() override {
    session.reset();  // it may still write there
    std::filesystem::remove_all(folder);
  }

  void uses(const LoginKind& kind) {
    target = {};
    target.name = "t";
    target.login = kind.login;
    if (kind.oauth2) target.oauth2.emplace();
    target.credentials = config::Credentials{config::FileCredentials{}, std::nullopt, "Bearer"};
  }
  // As at the start of a process. The random draw gives the shortest waits.
  void start(const std::filesystem::path& state_dir) {
    session.reset();
    StateFile state(state_dir, "t");
    store = std::make_shared<credentials::CredentialStore>(
        std::make_unique<testing::FakeSource>(source), "t", credentials::Schedule::mounted(),
        config::BackoffOptions{}, state.loaded().salt, clock, [] { return 0.0; });
    session = std::make_unique<Session>(
        target, SessionParts{store, client, loop, runner}, [] { return 0.0; }, std::move(state));
    store->poll(deadlineIn(1s));
  }
  void answers(const FakeHttpClient::Answer& answer) {
    client.answers(
        [=](const upstream::Request&) -> Result<FakeHttpClient::Answer> { return answer; });
  }
  Result<Authorization> authorize() {
    async::Scope scope(loop, loop.now() + 10s);
    return loop.run(session->authorize(scope, loop.now() + 10s));
  }
  // One scrape a second, each with the requests that it needs. Returns the number of logins.
  std::uint64_t scrapeFor(std::chrono::seconds time) {
    for (auto left = time; left.count() > 0; left -= 1s) {
      static_cast<void>(authorize());
      clock.advance(1s);
      store->poll(deadlineIn(1s));
    }
    return logins();
  }
  std::uint64_t logins() const {
    const auto status = session->status();
    return status.successes + status.rejected + status.throttled + status.failed +
           status.unreachable;
  }
  Expected outcome() const {
    const auto status = session->status();
    if (status.successes > 0) return kSuccess;
    if (status.rejected > 0) return kRejected;
    return status.throttled > 0 ? kThrottled : kFailed;
  }

  config::Target target;
  testing::SimulatedLoop loop;
  testing::FakeClock& clock = loop.fakeClock();
  testing::InlineRunner runner;
  testing::SourceState source;
  FakeHttpClient client{[](const upstream::Request&) -> Result<FakeHttpClient::Answer> {
    return FakeHttpClient::Answer{};
  }};
  std::filesystem::path folder;
  std::shared_ptr<credentials::CredentialStore> store;
  std::unique_ptr<Session> session;
};

FakeHttpClient::Answer answerOf(const LoginKind& kind, const Case& scene) {
  FakeHttpClient::Answer answer{scene.status, R"({"error":"the password is wrong"})", {}};
  if (scene.token) {
    answer = kind.token;
    answer.status = scene.status;
  }
  return answer;
}

bool tokenIsInTheBody(const LoginKind& kind) {
  return kind.login.token.inBody();
}

template <typename Check>
void forEachCase(Check check) {
  for (const auto& kind : loginKinds()) {
    for (const auto& scene : kCases) {
      SCOPED_TRACE(kind.name + ", " + std::to_string(scene.status) +
                   (scene.token ? " with a token" : ""));
      check(kind, scene, tokenIsInTheBody(kind) ? scene.of_body : scene.of_head);
    }
  }
}

TEST_F(LockoutTest, SendsFewLoginsInTenMinutesOfScrapesWhateverIsAnswered) {
  forEachCase([&](const LoginKind& kind, const Case& scene, Expected expected) {
    uses(kind);
    answers(answerOf(kind, scene));
    start({});
    const auto in_six_minutes = scrapeFor(6min);
    EXPECT_EQ(outcome(), expected);
    const auto in_ten_minutes = scrapeFor(4min);
    switch (expected) {
      case kSuccess: EXPECT_EQ(in_ten_minutes, 1U); break;
      case kRejected:
        EXPECT_EQ(in_six_minutes, 3U);  // at 0, 30 and 180 s: the shortest waits that are drawn
        EXPECT_EQ(in_ten_minutes, 3U);
        EXPECT_EQ(session->status().rejections, 3);
        break;
      case kThrottled: EXPECT_EQ(in_ten_minutes, 5U); break;
      case kFailed: EXPECT_EQ(in_ten_minutes, 12U); break;
    }
  });
}

TEST_F(LockoutTest, SendsOneRejectedLoginOverTenRestarts) {
  int number = 0;
  forEachCase([&](const LoginKind& kind, const Case& scene, Expected expected) {
    const auto state_dir = folder / std::to_string(++number);
    std::filesystem::create_directories(state_dir);
    uses(kind);
    answers(answerOf(kind, scene));
    std::uint64_t all = 0;
    for (int restart = 0; restart <= 10; ++restart) {
      start(state_dir);
      all += scrapeFor(1s);
    }
    const bool once = expected == kRejected || expected == kThrottled;
    // Each process logs in to a service that is down, or that issues tokens.
    EXPECT_EQ(all, once ? 1U : 11U);
  });
}

TEST_F(LockoutTest, TriesAChangedPasswordAtOnceAfterAnyRejection) {
  forEachCase([&](const LoginKind& kind, const Case& scene, Expected expected) {
    if (expected != kRejected) return;
    source.gives("user", "wrong");
    uses(kind);
    answers(answerOf(kind, scene));
    start({});
    EXPECT_EQ(scrapeFor(5s), 1U);
    source.gives("user", "right");
    answers(kind.token);
    scrapeFor(2s);
    EXPECT_EQ(session->status().successes, 1U);
  });
}

// A rejecting page may be longer than any answer with a token, or slow, or cut.
TEST_F(LockoutTest, JudgesByTheHeadOfAnAnswerWhoseBodyIsBroken) {
  const auto becomes = [&](int status, Fault broken, Fault expected) {
    SCOPED_TRACE(std::to_string(status) + " " + std::string(faultName(broken)));
    FakeHttpClient::Answer answer{status, "<html>"};
    answer.body_failure = Error{broken, "the body is broken", "", {}};
    answers(answer);
    uses(loginKinds().front());
    start({});
    const auto result = authorize();
    ASSERT_FALSE(result);
    EXPECT_EQ(faultName(result.error().fault), faultName(expected));
  };
  for (const auto broken :
       {Fault::Limit, Fault::Format, Fault::Truncated, Fault::Timeout, Fault::Connect}) {
    becomes(401, broken, Fault::LoginRejected);
    becomes(422, broken, Fault::LoginRejected);
    becomes(429, broken, Fault::LoginThrottled);
    becomes(503, broken, Fault::LoginFailed);
  }
  becomes(200, Fault::Limit, Fault::LoginRejected);
  becomes(200, Fault::Format, Fault::LoginFailed);
  becomes(200, Fault::Truncated, Fault::LoginFailed);
  becomes(200, Fault::Timeout, Fault::Timeout);
  becomes(200, Fault::Connect, Fault::Connect);
}

TEST_F(LockoutTest, CountsStatusesThatTheConfigurationNamesAsRejections) {
  auto kinds = loginKinds();
  for (auto& kind : kinds) {
    if (kind.oauth2) continue;
    for (const int status : {302, 307, 404, 405, 408, 429, 500, 503, 599}) {
      SCOPED_TRACE(kind.name + ", " + std::to_string(status));
      kind.login.rejected = {404, 302, 307, 599, 405, 408, 429, 500, 503};
      uses(kind);
      auto answer = kind.token;  // also beside a token
      answer.status = status;
      answers(answer);
      start({});
      EXPECT_EQ(scrapeFor(6min), 3U);
      EXPECT_EQ(session->status().rejected, 3U);
    }
  }
}

// A form answers a wrong password with the form again, and with the cookie of every visitor.
TEST_F(LockoutTest, CountsA2xxThatSuccessDoesNotListAsARejection) {
  auto kinds = loginKinds();
  for (auto& kind : kinds) {
    if (kind.oauth2) continue;
    for (const int status : {200, 201, 204}) {
      SCOPED_TRACE(kind.name + ", " + std::to_string(status));
      kind.login.success = {302};
      uses(kind);
      auto answer = kind.token;
      answer.status = status;
      answers(answer);
      start({});
      EXPECT_EQ(scrapeFor(6min), 3U);
      EXPECT_EQ(session->status().rejected, 3U);
    }
  }
}

}  // namespace
}  // namespace postern::session
