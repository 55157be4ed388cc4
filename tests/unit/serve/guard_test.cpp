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

class Rest final : public http::Parked {
 public:
  int descriptor() const override { return 7; }
  SteadyTime deadline() const override { return SteadyTime::max(); }
  void resume(http::ResponseSink& sink) override { sink.send({}, "late\n"); }
};

// Takes what is parked.
class ParkingSink final : public http::ResponseSink {
 public:
  void send(const http::ResponseHead&, std::string_view) override {}
  bool begin(const http::ResponseHead&) override { return false; }
  bool write(std::string_view) override { return false; }
  bool finish() override { return false; }
  void abort() override {}
  bool parks() const override { return true; }
  void park(std::unique_ptr<http::Parked> rest) override { parked = std::move(rest); }

  std::unique_ptr<http::Parked> parked;
};

TEST(GuardTest, GivesItsHeadersToAnAnswerThatWasParked) {
  testing::TemporaryFolder folder;
  const testing::FakeClock clock;
  const auto file =
      folder.write("web.yml", "http_server_config: {headers: {X-Frame-Options: deny}}\n");
  const WebLock lock({file, {}}, clock);
  ASSERT_TRUE(lock.complaints().empty());
  const Guard guard(
      lock,
      [](const http::Request&, http::ResponseSink& sink) {
        EXPECT_TRUE(sink.parks());
        sink.park(std::make_unique<Rest>());
      },
      [](const http::Request&) { return false; }, [](const http::Request&) { return false; });
  ParkingSink first;
  guard.handle({"GET", "/metrics", "", {}}, first);
  ASSERT_NE(first.parked, nullptr);
  EXPECT_EQ(first.parked->descriptor(), 7);

  testing::RecordingSink second;
  first.parked->resume(second);

  EXPECT_EQ(second.body, "late\n");
  EXPECT_EQ(second.header("X-Frame-Options"), "deny");
}

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
