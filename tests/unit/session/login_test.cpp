#include "session/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::session {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

config::Login whatsapp() {
  config::Login login;
  login.url = "/v1/users/login";
  login.basic_auth = true;
  login.token.json = "/users/0/token";
  login.expires = config::AnswerPlace{"/users/0/expires_after", ""};
  return login;
}

const SystemTime kLoginTime = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 10h;

Result<Token> read(const std::string& body, int status = 200,
                   std::vector<std::pair<std::string, std::string>> headers = {},
                   const config::Login& login = whatsapp()) {
  return readLogin(login, {status, std::move(headers)}, Secret(body), kLoginTime);
}

std::string answer(const std::string& expires) {
  return R"({"users":[{"token":"eyJhbGci","expires_after":)" + expires +
         R"(}],"meta":{"version":"v2.45.1"}})";
}

TEST(LoginTest, SendsUserAndPasswordAsOneUnbrokenBasicHeader) {
  const std::string password(64, 'x');
  const auto request = makeLogin(whatsapp(), "/prefix", {"admin", Secret(password), {}, {}, ""});
  EXPECT_EQ(request.path, "/prefix/v1/users/login");
  EXPECT_EQ(request.method, "POST");
  EXPECT_TRUE(request.once);
  std::string expected = "Basic YWRtaW46";
  for (int i = 0; i < 21; ++i) expected += "eHh4";
  EXPECT_EQ(request.secret_value.reveal(), expected + "eA==");
}

TEST(LoginTest, FillsTheBodyThatTheConfigDeclares) {
  const credentials::Credential credential{R"(us"er)", Secret("p&=\\ 1%\n"), {}, {}, ""};
  config::Login login;
  login.url = "/session";
  login.json_body = R"({"user":"{{username}}","pass":"x{{password}}y","n":1})";
  auto request = makeLogin(login, "", credential);
  EXPECT_EQ(request.body.reveal(),
            "{\"user\":\"us\\\"er\",\"pass\":\"xp&=\\\\ 1%\\u000ay\",\"n\":1}");
  EXPECT_EQ(request.content_type, "application/json");

  login.json_body.clear();
  login.form = {{"user name", "{{username}}"}, {"pass", "{{password}}"}};
  request = makeLogin(login, "", credential);
  EXPECT_EQ(request.body.reveal(), "user+name=us%22er&pass=p%26%3D%5C+1%25%0A");
  EXPECT_EQ(request.content_type, "application/x-www-form-urlencoded");
}

TEST(LoginTest, MeasuresTheLifeByTheServicesOwnClock) {
  const auto lives = [](const std::string& expires, std::chrono::milliseconds life,
                        std::vector<std::pair<std::string, std::string>> headers = {}) {
    SCOPED_TRACE(expires);
    const auto token = read(answer(expires), 200, std::move(headers));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.reveal(), "eyJhbGci");
    EXPECT_EQ(token->life, life);
  };
  // WhatsApp's form and RFC 3339, without a Date
  lives(R"("2026-11-20 11:00:00+00:00")", 1h);
  lives(R"("2026-11-20T11:00:00Z")", 1h);
  lives(R"("2026-11-20T13:00:00.25+02:00")", 1h);
  lives(R"("2026-11-20T05:30:00-05:30")", 1h);
  // With a Date: postern's clock does not matter
  lives(R"("2018-03-01 15:29:26+00:00")", 26s, {{"date", "Thu, 01 Mar 2018 15:29:00 GMT"}});
  // Seconds from now
  lives("3600", 1h);
  lives("\"90\"", 90s);
  lives("0.5", 500ms);
  // Without an expiry
  lives("null", 1h);
  lives("\"\"", 1h);
  lives("0", 1h);
  lives("\"0\"", 1h);
  lives("-1", 1h);
  lives("-0.5", 1h);
}

TEST(LoginTest, ReadsAnExpiryWithoutAZoneAsUtc) {
  const auto lives = [](const std::string& expires, std::chrono::minutes life) {
    SCOPED_TRACE(expires);
    const auto token = read(answer('"' + expires + '"'));
    ASSERT_TRUE(token) << token.error().what;
    EXPECT_EQ(token->life, life);
  };
  for (const std::string zone : {"", "Z", " Z", "z", " UTC", "UTC", " GMT", "+00:00", " +00:00",
                                 "+0000", " +0000", "+00", "-00:00"}) {
    lives("2026-11-20 18:00:00" + zone, 8h);
    lives("2026-11-20T18:00:00" + zone, 8h);
    lives("2026-11-20T18:00:00.123456" + zone, 8h);
  }
  lives("2026-11-20 18:00:00,5", 8h);
  lives("2026-11-20 18:00:00+02", 6h);
  lives("2026-11-20 18:00:00 +0230", 5h + 30min);
  lives("2026-11-20T18:00:00-0130", 9h + 30min);
  lives("Fri, 20 Nov 2026 18:00:00 GMT", 8h);
}

TEST(LoginTest, TakesTheWholeAnswerAsTheToken) {
  config::Login login;
  login.token.whole_json = true;
  const auto token = read(R"("abc")", 200, {}, login);
  ASSERT_TRUE(token) << token.error().what;
  EXPECT_EQ(token->value.reveal(), "abc");
  EXPECT_EQ(read("12345", 200, {}, login)->value.reveal(), "12345");
  for (const auto* body : {"", "abc", R"({"token":"abc"})", R"(["abc"])", "null", R"("")"}) {
    const auto none = read(body, 200, {}, login);
    ASSERT_FALSE(none) << body;
    EXPECT_EQ(none.error().fault, Fault::LoginRejected);
    EXPECT_THAT(none.error().what, HasSubstr("200 without a token as the whole JSON"));
  }
  EXPECT_EQ(makeLogin(login, "", {}).body_limit, kLoginAnswerLimit);
  EXPECT_FALSE(mayBeSuccess(login, 302));
}

TEST(LoginTest, FailsOnAnswersThatMakeNoSense) {
  const auto fails = [](const std::string& body, const std::string& error_text) {
    SCOPED_TRACE(body);
    const auto token = read(body);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().fault, Fault::LoginFailed);
    EXPECT_THAT(token.error().what, HasSubstr(error_text));
    EXPECT_THAT(token.error().what, Not(HasSubstr("eyJhbGci")));
  };
  fails(R"({"users":[{"token":"eyJhbGci\r\nX: y"}]})", "control characters");
  fails(answer(R"("2018-03-01 15:29:26+00:00")"), "expired already");
  fails(answer(R"("tomorrow")"), "neither a date nor seconds");
  fails(answer(R"("2026-13-20 11:00:00+00:00")"), "neither a date nor seconds");
  fails(answer("1e300"), "neither a date nor seconds");
  fails(answer(R"("2026-11-20 11:00:00 CET")"), "neither a date nor seconds");
  fails(answer(R"("2026-11-20 11:00:00+1")"), "neither a date nor seconds");
}

TEST(LoginTest, TakesASuccessWithoutATokenForARejection) {
  const auto rejects = [](const std::string& body) {
    SCOPED_TRACE(body);
    const auto token = read(body);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().fault, Fault::LoginRejected);
    EXPECT_THAT(token.error().what,
                HasSubstr("the login answered 200 without a token at /users/0/token: user or "
                          "password is wrong, or the service expects a different login"));
    EXPECT_THAT(token.error().what, Not(HasSubstr("eyJhbGci")));
  };
  rejects("");
  rejects("<html>eyJhbGci</html>");
  rejects(R"({"error":"eyJhbGci"})");
  rejects(R"({"users":[]})");
  rejects(R"({"users":[{"token":""}]})");
  rejects(R"({"users":[{"token":null}]})");
  rejects(R"({"users":[{"token":{"eyJhbGci":1}}]})");
  rejects(R"({"users":[{"token":"eyJhbGci)");
}

TEST(LoginTest, DistinguishesRejectedThrottledAndFailed) {
  const auto is = [](int status, const std::string& body, Fault fault) {
    SCOPED_TRACE(std::to_string(status) + " " + body);
    const auto token = read(body, status);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().fault, fault);
  };
  is(401, "", Fault::LoginRejected);
  is(401, "<html>", Fault::LoginRejected);
  is(403, "", Fault::LoginRejected);
  is(401, R"({"errors":[{"code":1024,"title":"Password change required"}]})", Fault::LoginRejected);
  is(400, R"({"error":"invalid_grant"})", Fault::LoginRejected);
  is(400, R"({"error":"invalid_client"})", Fault::LoginRejected);
  is(400, R"({"error":"unauthorized_client"})", Fault::LoginRejected);
  is(400, R"({"error":"invalid_request"})", Fault::LoginRejected);
  is(404, R"({"error":"invalid_grant"})", Fault::LoginRejected);
  is(500, R"({"error":"invalid_grant"})", Fault::LoginFailed);
  is(429, R"({"errors":[{"code":1015}]})", Fault::LoginThrottled);
  is(302, "", Fault::LoginFailed);
  is(404, "", Fault::LoginFailed);
  is(500, R"({"errors":[{"code":1014}]})", Fault::LoginFailed);
  is(503, "", Fault::LoginFailed);
}

TEST(LoginTest, HonoursRetryAfter) {
  const auto waits = [](const std::string& header, std::optional<std::chrono::seconds> wait) {
    SCOPED_TRACE(header);
    const auto token = read("", 429, {{"retry-after", header}});
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().retry_after, wait);
  };
  waits("120", 120s);
  waits("Fri, 20 Nov 2026 10:05:00 GMT", 300s);
  waits("Fri, 20 Nov 2026 09:00:00 GMT", 0s);
  waits("soon", std::nullopt);
  waits("-1", std::nullopt);
}

TEST(LoginTest, TakesTheTokenFromAHeader) {
  config::Login login;
  login.token.header = "X-Token";
  const auto token = read("whatever", 204, {{"x-token", "abc"}}, login);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->value.reveal(), "abc");
  EXPECT_EQ(token->life, 1h);
}

config::Login form() {
  config::Login login;
  login.url = "/login";
  login.form = {{"user", "{{username}}"}, {"pass", "{{password}}"}};
  login.token.cookie = "sid";
  return login;
}

TEST(LoginTest, TakesTheTokenFromACookie) {
  const auto lives = [](int status, const std::string& cookie, std::chrono::milliseconds life) {
    SCOPED_TRACE(cookie);
    const auto token = read("<html>", status, {{"set-cookie", cookie}}, form());
    ASSERT_TRUE(token) << token.error().what;
    EXPECT_EQ(token->value.reveal(), "abc");
    EXPECT_EQ(token->life, life);
  };
  lives(200, "sid=abc", 1h);
  lives(302, "sid=abc; Path=/; HttpOnly", 1h);
  lives(303, "sid=abc; Max-Age=90", 90s);
  lives(303, "sid=abc; expires=Fri, 20 Nov 2026 10:30:00 GMT", 30min);
}

TEST(LoginTest, TheDeclaredExpiryWinsOverTheCookies) {
  auto login = form();
  login.expires = config::AnswerPlace{"", "X-Expires"};
  const auto token =
      read("", 303, {{"set-cookie", "sid=abc; Max-Age=90"}, {"x-expires", "30"}}, login);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->life, 30s);
}

// A form answers a wrong password with the form again; repeated logins lock the account.
TEST(LoginTest, TakesAnAnswerWithoutTheCookieForARejection) {
  const auto is = [](int status, const std::string& cookie, Fault fault) {
    SCOPED_TRACE(std::to_string(status) + " " + cookie);
    const auto token = read("<form>", status, {{"set-cookie", cookie}}, form());
    ASSERT_FALSE(token);
    EXPECT_EQ(faultName(token.error().fault), faultName(fault));
    EXPECT_THAT(token.error().what, Not(HasSubstr("abc")));
  };
  is(200, "other=abc", Fault::LoginRejected);
  is(302, "sid=abc; Max-Age=0", Fault::LoginRejected);
  is(303, "sid=", Fault::LoginRejected);
  is(401, "sid=abc", Fault::LoginRejected);
  is(422, "sid=abc", Fault::LoginRejected);
  is(404, "", Fault::LoginFailed);
  is(405, "", Fault::LoginFailed);
  is(429, "", Fault::LoginThrottled);
  is(301, "sid=abc", Fault::LoginFailed);
  is(500, "sid=abc", Fault::LoginFailed);
  is(200, "sid=a\"bc", Fault::LoginFailed);
}

TEST(LoginTest, DoesNotReadThePageBehindACookie) {
  auto login = form();
  EXPECT_EQ(makeLogin(login, "", {}).body_limit, 0U);
  login.expires = config::AnswerPlace{"/expires", ""};
  EXPECT_EQ(makeLogin(login, "", {}).body_limit, kLoginAnswerLimit);
}

TEST(LoginTest, SendsTheTokenAsDeclared) {
  upstream::Request request;
  setSecretHeader(request, "X-Auth:  tok={{token}};v=1", Secret("abc"));
  EXPECT_EQ(request.secret_header, "X-Auth");
  EXPECT_EQ(request.secret_value.reveal(), "tok=abc;v=1");
}

}  // namespace
}  // namespace postern::session
