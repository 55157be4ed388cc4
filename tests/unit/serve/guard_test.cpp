#include "serve/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "fakes/certificates.h"
#include "fakes/fake_clock.h"
#include "fakes/recording_sink.h"

namespace postern::serve {
namespace {

TEST(GuardTest, AsksForNoLoginWhereARequestIsOpen) {
  testing::TemporaryFolder folder;
  const testing::FakeClock clock;
  const auto file = folder.write(
      "web.yml",
      "basic_auth_users: {alice: $2a$04$kYOAm7nGWjA0oKAMh2m6JOrIZhBTjRzb4iTXJqFb/zYRQ0YNLbUOy}\n"
      "rate_limit: {interval: 10s, burst: 3}\n");
  const WebLock lock({file, {}}, clock);
  ASSERT_TRUE(lock.complaints().empty());
  const Guard guard(
      lock, [](const http::Request&, http::ResponseSink& sink) { sink.send({}, "alive\n"); },
      [](const http::Request&) { return true; },
      [](const http::Request& request) { return request.path == "/heartbeat"; });
  const auto status = [&](const char* path) {
    testing::RecordingSink sink;
    guard.handle({"GET", path, "", {}}, sink);
    return sink.head.status;
  };
  EXPECT_EQ(status("/heartbeat"), 200);
  EXPECT_EQ(status("/stats"), 401);
  EXPECT_TRUE(guard.quick({"GET", "/heartbeat", "", {}}));
  EXPECT_EQ(status("/heartbeat"), 200);
  EXPECT_EQ(status("/heartbeat"), 429) << "the rate is limited all the same";
}

}  // namespace
}  // namespace postern::serve
