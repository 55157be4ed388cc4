#include "session/oauth2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_http_client.h"
#include "fakes/fake_source.h"
#include "fakes/inline_runner.h"
#include "fakes/simulated_loop.h"
#include "session/session.h"

namespace postern::session {
namespace {

using namespace std::chrono_literals;
using testing::FakeHttpClient;
using ::testing::HasSubstr;
using ::testing::Not;

// As config converts the key oauth2 into a login.
config::Login loginOf() {
  config::Login login;
  login.url = "/token?tenant=a";
  login.token.json = "/access_token";
  login.expires.emplace().json = "/expires_in";
  return login;
}

const SystemTime kAnswerTime = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 10h;

Result<Token> read(int status, const std::string& body) {
  return readTokenAnswer(loginOf(), {status, {}}, Secret(body), kAnswerTime);
}

TEST(Oauth2Test, SendsTheClientEncodedInTheHeader) {
  config::Oauth2 oauth2;
  oauth2.scopes = {"metrics.read", "profile"};
  oauth2.endpoint_params = {{"audience", "https://a/b"}, {"note", "{{username}}"}};
  const credentials::Credential client{"urn:a", Secret("p~ss:+ %"), {}, {}, ""};

  const auto request = makeTokenRequest(oauth2, loginOf(), client, ClientAuthMethod::Header);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/token?tenant=a");
  EXPECT_TRUE(request.once);
  EXPECT_EQ(request.content_type, "application/x-www-form-urlencoded");
  EXPECT_EQ(request.body.reveal(),
            "grant_type=client_credentials&scope=metrics.read+profile&audience=https%3A%2F%2Fa%2Fb&"
            "note=%7B%7Busername%7D%7D");
  EXPECT_EQ(request.secret_header, "Authorization");
  // urn%3Aa:p~ss%3A%2B+%25
  EXPECT_EQ(request.secret_value.reveal(), "Basic dXJuJTNBYTpwfnNzJTNBJTJCKyUyNQ==");
}

TEST(Oauth2Test, SendsTheClientInTheBodyWhenConfigured) {
  const credentials::Credential client{"urn:a", Secret("p&ss"), {}, {}, ""};

  const auto request = makeTokenRequest({}, loginOf(), client, ClientAuthMethod::Body);
  EXPECT_EQ(request.body.reveal(),
            "grant_type=client_credentials&client_id=urn%3Aa&client_secret=p%26ss");
  EXPECT_EQ(request.secret_header, "");
}

TEST(Oauth2Test, ReadsTheTokenAndItsLife) {
  const auto lives = [](const std::string& more, std::chrono::milliseconds life) {
    SCOPED_TRACE(more);
    const auto token = read(200, R"({"access_token":"abc")" + more + "}");
    ASSERT_TRUE(token) << token.error().what;
    EXPECT_EQ(token->value.reveal(), "abc");
    EXPECT_EQ(token->life, life);
  };
  lives(R"(,"token_type":"Bearer","expires_in":3600)", 1h);
  lives(R"(,"token_type":"bearer","expires_in":"90")", 90s);
  lives(R"(,"token_type":"bearer")", 1h);
  lives("", 1h);
  for (const std::string none : {"0", "-1", "\"0\"", "\"-1\"", "null", "\"\"", "-3600"}) {
    lives(R"(,"expires_in":)" + none, 1h);
  }
}

TEST(Oauth2Test, DistinguishesRejectedThrottledAndFailed) {
  const auto is = [](int status, const std::string& body, Fault fault, const std::string& words) {
    SCOPED_TRACE(std::to_string(status) + " " + body);
    const auto token = read(status, body);
    ASSERT_FALSE(token);
    EXPECT_EQ(faultName(token.error().fault), faultName(fault));
    EXPECT_THAT(token.error().what, HasSubstr(words));
    EXPECT_THAT(token.error().what, Not(HasSubstr("hunter2")));
  };
  is(401, R"({"error":"invalid_client","error_description":"hunter2"})", Fault::LoginRejected,
     "401 invalid_client: client_id or client_secret is wrong");
  is(400, R"({"error":"invalid_client"})", Fault::LoginRejected, "client_id or client_secret");
  is(401, "", Fault::LoginRejected, "401: client_id or client_secret is wrong");
  is(400, R"({"error":"invalid_grant"})", Fault::LoginRejected, "400 invalid_grant");
  is(400, R"({"error":"unauthorized_client"})", Fault::LoginRejected,
     "400 unauthorized_client: let this client use");
  is(401, R"({"error":"unauthorized_client","error_description":"hunter2"})", Fault::LoginRejected,
     "401 unauthorized_client: client_id or client_secret may be wrong");
  is(400, R"({"error":"invalid_scope"})", Fault::LoginRejected, "invalid_scope: correct scopes");
  is(400, R"({"error":"invalid_request"})", Fault::LoginRejected, "correct endpoint_params");
  is(400, R"({"error":"invalid_target"})", Fault::LoginRejected, "correct endpoint_params");
  is(400, R"({"error":"unsupported_grant_type"})", Fault::LoginRejected, "let this client use");
  is(403, R"({"error":"access_denied"})", Fault::LoginRejected, "or the client may not have these");
  is(200, R"({"error":"invalid_client"})", Fault::LoginRejected, "200 invalid_client: client_id");
  is(400, R"({"error":"hunter2"})", Fault::LoginRejected, "answered 400: client_id or");
  is(422, "hunter2", Fault::LoginRejected, "or the endpoint expects a different request");
  is(400, R"({"error":"temporarily_unavailable"})", Fault::LoginFailed, "see its log");
  is(500, R"({"error":"server_error"})", Fault::LoginFailed, "500 server_error: the endpoint");
  is(503, R"({"error":"temporarily_unavailable"})", Fault::LoginFailed, "see its log");
  is(500, R"({"error":"invalid_client"})", Fault::LoginFailed, "500 invalid_client");
  is(404, "", Fault::LoginFailed, "answered 404");
  is(429, R"({"error":"invalid_client"})", Fault::LoginThrottled, "too many requests");
  is(503, "", Fault::LoginFailed, "answered 503");
  is(302, "", Fault::LoginFailed, "answered 302");
  is(200, "<html>", Fault::LoginRejected, "without a token at /access_token");
  is(200, R"({"access_token":"hunter2","token_type":"mac"})", Fault::LoginFailed,
     "of another type than Bearer");
}

class Oauth2SessionTest : public ::testing::Test {
 protected:
  Oauth2SessionTest() {
    target.name = "t";
    target.url.path = "/prefix";
    target.login = loginOf();
    target.oauth2.emplace();
    target.credentials.emplace().file.emplace();
    source.gives("client", "secret");
    store = std::make_shared<credentials::CredentialStore>(
        std::make_unique<testing::FakeSource>(source), "t", credentials::Schedule::mounted(),
        config::BackoffOptions(), "salt", clock, [] { return 0.999; });
    session = std::make_unique<Session>(
        target, SessionParts{store, client, loop, runner}, [] { return 0.999; },
        StateFile("", "t"));
    store->poll(deadlineIn(1s));
  }
  Result<Authorization> authorize() {
    async::Scope scope(loop, loop.now() + 10s);
    return loop.run(session->authorize(scope, loop.now() + 10s));
  }
  // An endpoint that reads the client's credential from one place only.
  void looksIn(ClientAuthMethod place, int status, const std::string& error) {
    client.answers([=](const upstream::Request& request) -> Result<FakeHttpClient::Answer> {
      const bool in_body = request.body.reveal().find("client_secret=secret") != std::string::npos;
      if (in_body == (place == ClientAuthMethod::Body))
        return FakeHttpClient::Answer{200, R"({"access_token":"one","expires_in":100})", {}};
      return FakeHttpClient::Answer{status, R"({"error":")" + error + "\"}", {}};
    });
  }
  void refuses(int status, const std::string& error) {
    client.answers([=](const upstream::Request&) -> Result<FakeHttpClient::Answer> {
      return FakeHttpClient::Answer{status, R"({"error":")" + error + "\"}", {}};
    });
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
  FakeHttpClient client{[](const upstream::Request&) -> Result<FakeHttpClient::Answer> {
    return FakeHttpClient::Answer{200, R"({"access_token":"one","expires_in":100})", {}};
  }};
  std::shared_ptr<credentials::CredentialStore> store;
  std::unique_ptr<Session> session;
};

TEST_F(Oauth2SessionTest, AsksOnceAtTheEndpointsOwnPathAndKeepsTheToken) {
  for (int i = 0; i < 3; ++i) {
    const auto authorization = authorize();
    ASSERT_TRUE(authorization);
    EXPECT_EQ(authorization->value.reveal(), "Bearer one");
  }
  ASSERT_EQ(client.count(), 1);
  EXPECT_EQ(client.requests()[0].path, "/token?tenant=a");
}

TEST_F(Oauth2SessionTest, TriesTheBodyInTheSameLoginAndRemembersIt) {
  looksIn(ClientAuthMethod::Body, 401, "invalid_client");
  ASSERT_TRUE(authorize());
  EXPECT_EQ(client.count(), 2);
  EXPECT_EQ(session->status().successes, 1U);

  clock.advance(101s);
  ASSERT_TRUE(authorize());
  EXPECT_EQ(client.count(), 3);
}

TEST_F(Oauth2SessionTest, SendsAWrongSecretOnceMoreOnlyUntilAPlaceIsKnown) {
  refuses(401, "invalid_client");
  expectFault(authorize(), Fault::LoginRejected);
  EXPECT_EQ(client.count(), 2);
  EXPECT_EQ(session->status().rejected, 1U);
  expectFault(authorize(), Fault::Backoff);

  looksIn(ClientAuthMethod::Header, 401, "invalid_client");
  clock.advance(61s);
  ASSERT_TRUE(authorize());
  EXPECT_EQ(client.count(), 3);
  refuses(401, "invalid_client");
  clock.advance(101s);
  expectFault(authorize(), Fault::LoginRejected);
  EXPECT_EQ(client.count(), 4);
}

TEST_F(Oauth2SessionTest, DoesNotLookForAnotherPlaceWhenThatIsNotWhatIsWrong) {
  refuses(400, "invalid_scope");
  expectFault(authorize(), Fault::LoginRejected);
  EXPECT_EQ(client.count(), 1);
}

TEST_F(Oauth2SessionTest, CountsARejectionInEitherPlace) {
  looksIn(ClientAuthMethod::Body, 400, "invalid_request");
  source.gives("client", "wrong");
  store->poll(deadlineIn(1s));
  client.answers([](const upstream::Request& request) -> Result<FakeHttpClient::Answer> {
    const bool in_body = request.body.reveal().find("client_secret=") != std::string::npos;
    return FakeHttpClient::Answer{
        in_body ? 401 : 400,
        in_body ? R"({"error":"invalid_client"})" : R"({"error":"invalid_request"})",
        {}};
  });
  expectFault(authorize(), Fault::LoginRejected);
}

TEST_F(Oauth2SessionTest, LogsInOnceMoreWhenAPageRefusesAProvenToken) {
  const auto first = authorize();
  ASSERT_TRUE(first);
  session->accepted(*first, 0);

  EXPECT_TRUE(session->refused(*first, 0, false));
  ASSERT_TRUE(authorize());
  EXPECT_EQ(client.count(), 2);
}

}  // namespace
}  // namespace postern::session
