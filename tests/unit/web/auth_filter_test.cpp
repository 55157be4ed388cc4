#include "web/auth_filter.h"

#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "fakes/certificates.h"
#include "fakes/fake_clock.h"
#include "unit/web/live_loop.h"

namespace postern::web {
namespace {

async::Task<> answerAlive(const http::Request& /*request*/, http::Responder& responder) {
  return responder.send(http::Reply{{}, "alive\n"});
}

TEST(AuthFilterTest, AsksForNoLoginWhereARequestIsOpen) {
  testing::TemporaryFolder folder;
  const testing::FakeClock clock;
  const auto file = folder.write(
      "web.yml",
      "basic_auth_users: {alice: $2a$04$kYOAm7nGWjA0oKAMh2m6JOrIZhBTjRzb4iTXJqFb/zYRQ0YNLbUOy}\n"
      "rate_limit: {interval: 10s, burst: 3}\n");
  const WebConfigStore store({file, {}}, clock);
  ASSERT_TRUE(store.startErrors().empty());
  const AuthFilter filter(store, answerAlive, [](const http::Request& request) {
    return request.path == "/heartbeat";
  });
  LiveLoop live;
  const auto status = [&](const char* path) {
    return live
        .ask([&](const auto& request,
                 http::Responder& responder) { return filter.handle(request, responder); },
             {"GET", path, "", {}})
        .head.status;
  };
  EXPECT_EQ(status("/heartbeat"), 200);
  EXPECT_EQ(status("/stats"), 401);
  EXPECT_EQ(status("/heartbeat"), 200);
  EXPECT_EQ(status("/heartbeat"), 429) << "the rate limit applies anyway";
}

TEST(AuthFilterTest, ComputesANewPasswordOnAThreadAndAddsTheHeadersToEveryAnswer) {
  testing::TemporaryFolder folder;
  const testing::FakeClock clock;
  const auto file = folder.write(
      "web.yml",
      "basic_auth_users: {alice: " + std::string(crypt("secret", "$2b$04$abcdefghijklmnopqrstuu")) +
          "}\n"
          "http_server_config: {headers: {X-Frame-Options: deny}}\n");
  const WebConfigStore store({file, {}}, clock);
  ASSERT_TRUE(store.startErrors().empty());
  const AuthFilter filter(store, answerAlive, [](const http::Request&) { return false; });
  LiveLoop live;
  const auto answerTo = [&](const std::string& login) {
    return live.ask([&](const auto& request,
                        http::Responder& responder) { return filter.handle(request, responder); },
                    {"GET", "/", "", {{"Authorization", "Basic " + login}}});
  };
  const auto right = "YWxpY2U6c2VjcmV0";  // alice:secret
  const auto wrong = "YWxpY2U6d3Jvbmc=";  // alice:wrong

  for (int i = 0; i < 2; ++i) {  // computed, then remembered
    const auto allowed = answerTo(right);
    EXPECT_EQ(allowed.head.status, 200);
    EXPECT_EQ(allowed.body, "alive\n");
    EXPECT_EQ(allowed.header("X-Frame-Options"), "deny");
    const auto refused = answerTo(wrong);
    EXPECT_EQ(refused.head.status, 401);
    EXPECT_EQ(refused.header("WWW-Authenticate"), "Basic realm=\"postern\"");
    EXPECT_EQ(refused.header("X-Frame-Options"), "deny");
  }
}

}  // namespace
}  // namespace postern::web
