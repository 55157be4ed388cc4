#include "session/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fakes/fake_http_client.h"
#include "fakes/fake_source.h"
#include "fakes/inline_runner.h"
#include "fakes/simulated_loop.h"

namespace postern::session {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    config::Login login;
    login.url = "/login";
    login.basic_auth = true;
    login.token.json = "/token";
    login.expires = config::AnswerPlace{"/expires", ""};
    target.name = "t";
    target.login = login;
    target.credentials = config::Credentials{config::FileCredentials{}, std::nullopt, "Bearer"};
    folder = std::filesystem::path(::testing::TempDir()) / ("session" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    source.gives("user", "password");
  }
  ~SessionTest() override {
    session.reset();  // it may still write there
    std::filesystem::remove_all(folder);
  }

  // As at the start of a process.
  void start(bool with_state = false) {
    session.reset();
    StateFile state(with_state ? folder : std::filesystem::path(), "t");
    store = std::make_shared<credentials::CredentialStore>(
        std::make_unique<testing::FakeSource>(source), "t", credentials::Schedule::mounted(),
        target.login ? target.login->backoff : config::BackoffOptions{}, state.loaded().salt, clock,
        [] { return 0.999; });
    session = std::make_unique<Session>(
        target, parts(), [] { return 0.999; }, std::move(state));
    poll();
  }
  SessionParts parts() { return {store, client, loop, runner}; }
  void poll() { store->poll(deadlineIn(1s)); }
  Result<Authorization> authorize(std::chrono::milliseconds patience = 10s) {
    async::Scope scope(loop, loop.now() + patience);
    return loop.run(session->authorize(scope, loop.now() + patience));
  }
  void logout() {
    async::Scope scope(loop, loop.now() + 1s);
    loop.run(session->logout(scope));
  }
  async::Task<> authorizeInto(async::Scope& scope, std::optional<Result<Authorization>>& result) {
    const auto deadline = loop.now() + 10s;
    result = co_await session->authorize(scope, deadline);
  }
  static async::Task<bool> joined(async::Group& group, async::Scope& scope) {
    co_return co_await group.join(scope);
  }
  void loginTakes(std::chrono::milliseconds time) {
    client.answers([=](const upstream::Request&) -> Result<testing::FakeHttpClient::Answer> {
      testing::FakeHttpClient::Answer answer{200, R"({"token":"one","expires":3600})"};
      answer.after = time;
      return answer;
    });
  }
  void loginAnswers(int status, const std::string& body = "") {
    client.answers([=](const upstream::Request&) -> Result<testing::FakeHttpClient::Answer> {
      return testing::FakeHttpClient::Answer{status, body, {}};
    });
  }
  void loginGives(const std::string& token, int seconds) {
    loginAnswers(200, R"({"token":")" + token + R"(","expires":)" + std::to_string(seconds) + "}");
  }
  void expectFault(const Result<Authorization>& result, Fault fault) {
    ASSERT_FALSE(result);
    EXPECT_EQ(faultName(result.error().fault), faultName(fault));
  }

  config::Target target;
  testing::SimulatedLoop loop;
  testing::FakeClock& clock = loop.fakeClock();
  testing::InlineRunner runner;
  testing::SourceState source;
  testing::FakeHttpClient client{
      [](const upstream::Request&) -> Result<testing::FakeHttpClient::Answer> {
        return testing::FakeHttpClient::Answer{200, R"({"token":"one","expires":3600})", {}};
      }};
  std::filesystem::path folder;
  std::shared_ptr<credentials::CredentialStore> store;
  std::unique_ptr<Session> session;
};

TEST_F(SessionTest, LogsInOnceAndKeepsTheToken) {
  start();
  EXPECT_EQ(client.count(), 0) << "nobody logs in before the first scrape";
  for (int i = 0; i < 10; ++i) {
    const auto authorization = authorize();
    ASSERT_TRUE(authorization);
    EXPECT_EQ(authorization->value.reveal(), "Bearer one");
  }
  EXPECT_EQ(client.count(), 1);
}

TEST_F(SessionTest, ATokenThatExpiresAtOnceServesAllPagesOfAScrape) {
  for (const std::string life : {"0.0001", "0.002", "0.9"}) {
    loginAnswers(200, R"({"token":"short","expires":)" + life + "}");
    const int before = client.count();
    start();
    for (int page = 0; page < 130; ++page) {
      const auto authorization = authorize();
      ASSERT_TRUE(authorization) << life << ": " << authorization.error().what;
      session->accepted(*authorization, static_cast<std::size_t>(page));
    }
    EXPECT_EQ(client.count() - before, 1) << life;
    clock.advance(2s);
    ASSERT_TRUE(authorize());
    EXPECT_EQ(client.count() - before, 2) << life;
  }
}

TEST_F(SessionTest, ReportsTheTransportOfTheLastLogin) {
  start();
  std::optional<upstream::TransportInfo> transport =
      upstream::TransportInfo{false, {"TLS 1.3", "A_SUITE"}};
  client.answers([&](const upstream::Request& request) -> Result<testing::FakeHttpClient::Answer> {
    *request.transport = transport;
    if (!transport) return Error{Fault::Connect, "nobody listens", "", {}};
    return testing::FakeHttpClient::Answer{500, "", {}};
  });
  EXPECT_FALSE(session->status().login_transport);

  expectFault(authorize(), Fault::LoginFailed);
  ASSERT_TRUE(session->status().login_transport);
  EXPECT_EQ(session->status().login_transport->negotiated.cipher, "A_SUITE");

  transport.reset();
  clock.advance(1h);
  expectFault(authorize(), Fault::Connect);
  EXPECT_FALSE(session->status().login_transport);
}

TEST_F(SessionTest, LogsInOnceForManyScrapesAtOnce) {
  loginTakes(100ms);
  start();
  async::Scope scope(loop, loop.now() + 10s);
  async::Group scrapes;
  std::vector<std::optional<Result<Authorization>>> results(20);
  for (auto& result : results) scrapes.add(authorizeInto(scope, result));
  ASSERT_TRUE(loop.run(joined(scrapes, scope)));
  for (const auto& result : results) {
    ASSERT_TRUE(result && *result);
    EXPECT_EQ((*result)->value.reveal(), "Bearer one");
  }
  EXPECT_EQ(client.count(), 1);
}

TEST_F(SessionTest, RenewsInsideTheMarginAndKeepsTheOldTokenWhileRenewalFails) {
  loginGives("one", 1000);
  start();
  ASSERT_TRUE(authorize());
  clock.advance(899s);
  ASSERT_TRUE(authorize());
  EXPECT_EQ(client.count(), 1);

  loginAnswers(500);
  clock.advance(2s);
  auto authorization = authorize();
  ASSERT_TRUE(authorization);
  EXPECT_EQ(authorization->value.reveal(), "Bearer one");
  EXPECT_EQ(client.count(), 2);

  loginGives("two", 1000);
  clock.advance(2s);
  authorization = authorize();
  ASSERT_TRUE(authorization);
  EXPECT_EQ(authorization->value.reveal(), "Bearer two");
}

TEST_F(SessionTest, NeverUsesAnExpiredToken) {
  loginGives("one", 100);
  start();
  ASSERT_TRUE(authorize());
  clock.advance(101s);
  loginAnswers(500);
  expectFault(authorize(), Fault::LoginFailed);
}

TEST_F(SessionTest, CountsALifeByTheSteadyClockOnly) {
  loginGives("one", 3600);
  start();
  ASSERT_TRUE(authorize());
  clock.jump(24h);
  ASSERT_TRUE(authorize());
  clock.jump(-48h);
  ASSERT_TRUE(authorize());
  EXPECT_EQ(client.count(), 1);
}

TEST_F(SessionTest, SendsFewLoginsHoweverManyScrapesArrive) {
  loginAnswers(401);
  start();
  expectFault(authorize(), Fault::LoginRejected);
  for (int second = 0; second < 60 * 60; ++second) {
    clock.advance(1s);
    poll();
    const auto result = authorize();
    ASSERT_FALSE(result);
  }
  // 60 s, 5 minutes, then one each 15 minutes
  EXPECT_EQ(client.count(), 6);
  EXPECT_EQ(session->status().rejections, 6);
}

TEST_F(SessionTest, TakesARefusalOfOurCertificateForNoRejectionOfTheCredential) {
  start();
  for (const auto& [status, body] :
       {std::pair(400, "<center>The SSL certificate error</center>"),
        std::pair(400, "<center>No required SSL certificate was sent</center>"),
        std::pair(496, "")}) {
    SCOPED_TRACE(body);
    loginAnswers(status, body);
    const auto refused = authorize();
    expectFault(refused, Fault::Tls);
    EXPECT_THAT(refused.error().what, HasSubstr("login: answered " + std::to_string(status)));
    EXPECT_EQ(refused.error().detail, Detail::ClientCertificate);
    EXPECT_EQ(session->status().rejections, 0);
    clock.advance(5min);
  }
}

TEST_F(SessionTest, SaysWhileWaitingAfterWhatAndForHowLong) {
  loginAnswers(401);
  start();
  expectFault(authorize(), Fault::LoginRejected);
  const auto waiting = authorize();
  expectFault(waiting, Fault::Backoff);
  EXPECT_THAT(waiting.error().what, HasSubstr("after login_rejected: the login answered 401"));
  EXPECT_THAT(waiting.error().next, HasSubstr("or as soon as the credential changes"));
  EXPECT_EQ(waiting.error().retry_after, 60s);
}

TEST_F(SessionTest, TriesAtOnceWhenTheCredentialChangesThreeTimesAQuarter) {
  loginAnswers(401);
  start();
  expectFault(authorize(), Fault::LoginRejected);
  for (int change = 1; change <= 5; ++change) {
    source.gives("user", "password" + std::to_string(change));
    clock.advance(1s);
    poll();
    expectFault(authorize(), change <= 3 ? Fault::LoginRejected : Fault::Backoff);
  }
  EXPECT_EQ(client.count(), 4);
  clock.advance(15min);
  source.gives("user", "another");
  poll();
  expectFault(authorize(), Fault::LoginRejected);
}

TEST_F(SessionTest, CountsReleasesForTheirWindowWhenTheClockGoesBack) {
  loginAnswers(401);
  start();
  expectFault(authorize(), Fault::LoginRejected);
  const auto changes = [&](const std::string& password) {
    source.gives("user", password);
    clock.advance(1s);
    poll();
    return authorize();
  };
  for (const auto* password : {"one", "two", "three"}) {
    expectFault(changes(password), Fault::LoginRejected);
  }
  clock.jump(-24h);
  expectFault(changes("four"), Fault::Backoff);
  clock.advance(14min);
  expectFault(changes("five"), Fault::Backoff);
  clock.advance(1min);
  expectFault(changes("six"), Fault::LoginRejected);
}

TEST_F(SessionTest, ForgetsTheReleasesOnceACredentialIsGood) {
  start();
  for (int round = 0; round < 10; ++round) {
    loginAnswers(401);
    clock.advance(2h);  // the token has expired
    expectFault(authorize(), Fault::LoginRejected);
    loginGives("t" + std::to_string(round), 3600);
    source.gives("user", "password" + std::to_string(round));
    clock.advance(1s);
    poll();
    const auto authorization = authorize();
    ASSERT_TRUE(authorization) << round;
    session->accepted(*authorization, 0);
  }
}

TEST_F(SessionTest, DoesNotLetAChangedCredentialEndAThrottledWait) {
  loginAnswers(429);
  start();
  expectFault(authorize(), Fault::LoginThrottled);
  source.gives("user", "changed");
  clock.advance(1s);
  poll();
  expectFault(authorize(), Fault::Backoff);
  EXPECT_EQ(client.count(), 1);
}

TEST_F(SessionTest, RemembersARejectionOverRestarts) {
  loginAnswers(401);
  for (int i = 0; i < 20; ++i) {
    start(/*with_state=*/true);
    EXPECT_FALSE(authorize());
    clock.advance(1s);
  }
  EXPECT_EQ(client.count(), 1);

  source.gives("user", "new password");
  loginGives("one", 3600);
  start(true);
  EXPECT_TRUE(authorize());
}

TEST_F(SessionTest, WaitsAfterADeathInTheMiddleOfALogin) {
  client.answers([&](const upstream::Request&) -> Result<testing::FakeHttpClient::Answer> {
    std::filesystem::copy(folder / "t.json", folder / "seen");  // what a kill -9 now would leave
    return Error{Fault::Connect, "gone", "", {}};
  });
  start(true);
  EXPECT_FALSE(authorize());
  std::filesystem::rename(folder / "seen", folder / "t.json");
  start(true);
  expectFault(authorize(), Fault::Backoff);
  EXPECT_EQ(client.count(), 1);
}

TEST_F(SessionTest, DoesNotWaitLongerThanAFreshWaitWhenTheClockWasSetBack) {
  loginAnswers(401);
  start(true);
  expectFault(authorize(), Fault::LoginRejected);
  clock.jump(-1000h);
  start(true);
  expectFault(authorize(), Fault::Backoff);
  clock.advance(16min);
  expectFault(authorize(), Fault::LoginRejected);
}

TEST_F(SessionTest, KeepsNoSecretInTheStateFile) {
  loginAnswers(401);
  start(true);
  EXPECT_FALSE(authorize());
  std::ifstream file(folder / "t.json");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text, HasSubstr("fingerprint"));
  EXPECT_EQ(text.find("password"), std::string::npos);
  EXPECT_EQ(text.find("user"), std::string::npos);
}

TEST_F(SessionTest, DropsATokenThatAPageStopsAcceptingAndLogsInOnce) {
  start();
  const auto first = authorize();
  ASSERT_TRUE(first);
  session->accepted(*first, 0);
  loginGives("two", 3600);
  EXPECT_TRUE(session->refused(*first, 0, false));
  EXPECT_TRUE(session->refused(*first, 1, false))
      << "the token is outdated: replay with the new one";
  const auto second = authorize();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->value.reveal(), "Bearer two");
  EXPECT_FALSE(session->refused(*second, 0, true));
  EXPECT_EQ(client.count(), 2);
}

TEST_F(SessionTest, CountsAFreshTokenThatNoPageAcceptsAsARejection) {
  start();
  for (int i = 1; i <= 3; ++i) {
    const auto authorization = authorize();
    ASSERT_TRUE(authorization);
    EXPECT_FALSE(session->refused(*authorization, 0, false));
    EXPECT_TRUE(session->countRefusal(authorization->generation));
    EXPECT_EQ(session->status().rejections, i);
    expectFault(authorize(), Fault::Backoff);
    clock.advance(16min);
  }
}

TEST_F(SessionTest, LetsOnlyOnePageFailWhenAnotherAcceptsTheToken) {
  start();
  const auto authorization = authorize();
  ASSERT_TRUE(authorization);
  EXPECT_FALSE(session->refused(*authorization, 1, false));
  session->accepted(*authorization, 0);
  EXPECT_FALSE(session->countRefusal(authorization->generation));
  EXPECT_TRUE(authorize());
  EXPECT_EQ(client.count(), 1);
}

TEST_F(SessionTest, TakesARefusedCredentialForARejectedLogin) {
  target.login.reset();
  source.givesToken("secret");
  start();
  auto authorization = authorize();
  ASSERT_TRUE(authorization);
  EXPECT_EQ(authorization->value.reveal(), "Bearer secret");
  EXPECT_FALSE(session->refused(*authorization, 0, false));
  EXPECT_TRUE(session->countRefusal(authorization->generation));
  EXPECT_EQ(session->status().rejected, 1U);
  expectFault(authorize(), Fault::Backoff);

  source.givesToken("another");
  clock.advance(1s);
  poll();
  authorization = authorize();
  ASSERT_TRUE(authorization);
  EXPECT_EQ(authorization->value.reveal(), "Bearer another");
}

TEST_F(SessionTest, SendsTheHeadersOfTheLoginWithItAndWithTheLogout) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "key") << "k3y\n";
  target.login->http_headers = {{"X-Tenant", {"one"}, {}, {}}, {"X-Key", {}, {}, {folder / "key"}}};
  target.login->logout = config::Logout{"POST", "/logout"};
  target.login->logout_at_exit = true;
  start();
  ASSERT_TRUE(authorize());
  logout();
  ASSERT_EQ(client.count(), 2);
  for (const auto& request : client.requests()) {
    ASSERT_EQ(request.secret_headers.size(), 2U) << request.path;
    EXPECT_EQ(request.secret_headers[0].first, "X-Tenant");
    EXPECT_EQ(request.secret_headers[0].second.reveal(), "one");
    EXPECT_EQ(request.secret_headers[1].first, "X-Key");
    EXPECT_EQ(request.secret_headers[1].second.reveal(), "k3y");
  }
}

TEST_F(SessionTest, SendsNoLoginWhileAFileOfItsHeadersIsMissing) {
  target.login->http_headers = {{"X-Key", {}, {}, {folder / "later"}}};
  start();
  expectFault(authorize(), Fault::NoCredential);
  EXPECT_EQ(client.count(), 0);
  EXPECT_FALSE(session->status().waiting);

  std::ofstream(folder / "later") << "k3y";
  EXPECT_TRUE(authorize());
}

TEST_F(SessionTest, SendsTheFurtherCookiesOfTheLoginWithEachPage) {
  client.answers([](const upstream::Request&) -> Result<testing::FakeHttpClient::Answer> {
    return testing::FakeHttpClient::Answer{200,
                                           R"({"token":"one","expires":3600})",
                                           {{"set-cookie", "sid=s1d; Path=/"},
                                            {"set-cookie", "route=a; Path=/"},
                                            {"set-cookie", "short=b; Path=/metrics; Max-Age=60"},
                                            {"set-cookie", "other=c; Path=/admin"}}};
  });
  const auto sends = [&](const std::string& path) {
    const auto authorization = authorize();
    if (!authorization) return authorization.error().what;
    upstream::Request request;
    request.path = path;
    request.secret_header = authorization->header;
    request.secret_value = authorization->value;
    session->addCookies(*authorization, request);
    std::string text(request.secret_value.reveal());
    for (const auto& [name, value] : request.secret_headers) {
      text += " | " + name + ": " + std::string(value.reveal());
    }
    return text;
  };
  start();
  EXPECT_EQ(sends("/metrics?a=b"), "Bearer one | Cookie: short=b; sid=s1d; route=a");
  EXPECT_EQ(sends("/"), "Bearer one | Cookie: sid=s1d; route=a");
  clock.advance(61s);
  EXPECT_EQ(sends("/metrics"), "Bearer one | Cookie: sid=s1d; route=a");
  EXPECT_EQ(client.count(), 1);

  target.login->token = config::AnswerPlace{"", "", "sid"};
  target.login->expires.reset();
  target.login->send_as = "Cookie: sid={{token}}";
  start();
  EXPECT_EQ(sends("/metrics"), "sid=s1d; short=b; route=a");
  target.login->send_as = "X-Session: {{token}}";
  start();
  EXPECT_EQ(sends("/v1"), "s1d | Cookie: route=a");
}

TEST_F(SessionTest, SendsHalfOfABasicCredentialAsItIs) {
  target.login.reset();
  const auto sends = [&](const std::string& user, const std::string& password,
                         const std::string& value) {
    source.gives(user, password);
    start();
    const auto authorization = authorize();
    ASSERT_TRUE(authorization);
    EXPECT_EQ(authorization->header, "Authorization");
    EXPECT_EQ(authorization->value.reveal(), value);
  };
  sends("uk1_key", "", "Basic dWsxX2tleTo=");
  sends("", "uk1_key", "Basic OnVrMV9rZXk=");
}

TEST_F(SessionTest, SendsAnUnprovenCredentialWithOneRequestAtATime) {
  target.login.reset();
  start();
  auto probe = authorize();
  ASSERT_TRUE(probe);
  expectFault(authorize(1ms), Fault::Timeout);
  session->accepted(*probe, 0);
  EXPECT_TRUE(authorize());
  EXPECT_TRUE(authorize());
}

TEST_F(SessionTest, GivesTheProbeBackWhenItsRequestFails) {
  target.login.reset();
  start();
  { ASSERT_TRUE(authorize()); }
  EXPECT_TRUE(authorize());
}

TEST_F(SessionTest, SaysThatThereIsNoCredential) {
  source.fails(Fault::NoCredential);
  start();
  clock.advance(1s);
  expectFault(authorize(), Fault::NoCredential);
  EXPECT_EQ(client.count(), 0);
}

TEST_F(SessionTest, NeedsNothingWithoutACredential) {
  session = std::make_unique<Session>(
      target, SessionParts{nullptr, client, loop, runner}, [] { return 0.5; }, StateFile({}, "t"));
  const auto authorization = authorize();
  ASSERT_TRUE(authorization);
  EXPECT_TRUE(authorization->header.empty());
}

TEST_F(SessionTest, LogsOutOnlyWhenConfigured) {
  start();
  ASSERT_TRUE(authorize());
  logout();
  EXPECT_EQ(client.count(), 1);

  target.login->logout = config::Logout{"POST", "/logout"};
  target.login->logout_at_exit = true;
  start();
  ASSERT_TRUE(authorize());
  logout();
  EXPECT_EQ(client.requests().back().path, "/logout");
  EXPECT_EQ(client.requests().back().secret_value.reveal(), "Bearer one");
}

}  // namespace
}  // namespace postern::session
