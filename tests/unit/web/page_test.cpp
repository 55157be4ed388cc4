#include "web/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "fakes/fake_http_client.h"
#include "unit/web/live_loop.h"

namespace postern::web {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::EndsWith;
using testing::FakeHttpClient;
using ::testing::StartsWith;

const std::string kLines = [] {
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += "requests{path=\"/" + std::to_string(i) + "\"} 1\n";
  return lines;
}();

// A target whose service answers by a script, behind a server.
class PageTest : public ::testing::Test {
 protected:
  void serve(FakeHttpClient::Answer answer) {
    config::Target config;
    config.url = {"localhost", 1, ""};
    config.pages = {config::Page{"/metrics", config::Format::Text, {}, true, 0ms, 0ms}};
    config.hold_back = 1000;
    answer.headers = {{"content-type", "text/plain"}};
    auto client = std::make_unique<FakeHttpClient>(
        [answer = std::move(answer)](const upstream::Request&) { return answer; });
    fake = client.get();
    target = live.makeTarget(config, std::move(client));
  }
  async::Task<> handle(const http::Request& request, http::Responder& responder) {
    const auto offset = 500ms;
    status = co_await answerWithPage(*target, request, offset, responder);
  }
  http::AsyncHandler handler() {
    return [this](const http::Request& request, http::Responder& responder) {
      return handle(request, responder);
    };
  }
  Answered answered() { return live.ask(handler(), {"GET", "/metrics", "", {}}); }
  // Waits until the service has a request.
  void waitUntilAsked() {
    while (live.thread.call([this] { return fake->count(); }) == 0) std::this_thread::yield();
  }

  LiveLoop live;
  std::shared_ptr<scrape::Target> target;
  FakeHttpClient* fake = nullptr;
  std::atomic<int> status = 0;
};

TEST_F(PageTest, AnswersWithTheWholePage) {
  serve({.body = "up 1\n"});
  const auto page = answered();
  EXPECT_EQ(page.head.status, 200);
  EXPECT_EQ(page.head.content_type, kTextContentType);
  EXPECT_EQ(page.header("Content-Length"), "5");
  EXPECT_EQ(page.body, "up 1\n");
  EXPECT_EQ(status, 200);
}

TEST_F(PageTest, AnswersWithTheFault) {
  serve({.status = 500, .body = ""});
  const auto page = answered();
  EXPECT_EQ(page.head.status, 502);
  EXPECT_EQ(page.head.reason, "status");
  EXPECT_THAT(page.body, StartsWith("status: target default: "));
  EXPECT_EQ(status, 502);
}

TEST_F(PageTest, StreamsAPageThatOutgrowsTheHoldBack) {
  serve({.body = kLines, .more_blocks = {kLines, "last 1\n"}});
  const auto page = answered();
  EXPECT_EQ(page.header("Transfer-Encoding"), "chunked");
  EXPECT_TRUE(page.whole);
  EXPECT_THAT(page.body, AllOf(StartsWith("requests{path=\"/0\"} 1\n"), EndsWith("last 1\n")));
  EXPECT_EQ(status, 200);
}

TEST_F(PageTest, NeverEndsHalfAPageLikeAWholeOne) {
  serve({.body = kLines,
         .more_blocks = {kLines},
         .body_failure = Error{Fault::Truncated, "the body was cut", "", {}}});
  const auto page = answered();
  EXPECT_EQ(page.head.status, 200);
  EXPECT_FALSE(page.whole);
  EXPECT_THAT(page.body, StartsWith("requests{path=\"/0\"} 1\n"));
}

TEST_F(PageTest, EndsWhereverItWaitsWhenTheServerStops) {
  struct Case {
    const char* what;
    FakeHttpClient::Answer answer;
    int receive_buffer;  // of the scraper; 0: it reads
  };
  const Case cases[] = {
      {"for the head of the service's answer", {.body = "", .hangs = true}, 0},
      {"for the rest of a page that streams", {.body = kLines, .body_hangs = true}, 0},
      {"for a scraper that does not read",
       {.body = kLines, .more_blocks = std::vector<std::string>(300, kLines)},
       4096},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.what);
    serve(each.answer);
    status = 0;
    const http::Service service{handler()};
    http::Server server({}, live.thread, live.pool);
    http::Client scraper(*server.listen("127.0.0.1:0", service), http::Client::Family::V4,
                         each.receive_buffer);
    scraper.get("/metrics");
    waitUntilAsked();
    if (each.answer.body_hangs) {
      EXPECT_THAT(scraper.readThrough("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    }

    EXPECT_FALSE(server.stop(0ms));

    EXPECT_NE(status, 0) << "the task has ended";
    EXPECT_FALSE(scraper.readToEnd().ends_with("0\r\n\r\n"));
    EXPECT_EQ(server.counts().connections, 0U);
  }
}

TEST(ScrapeTimeTest, TakesTheSmallerOfTheTwoTimeouts) {
  const auto gives = [](std::string_view header, std::chrono::milliseconds time) {
    SCOPED_TRACE(header);
    EXPECT_EQ(scrapeTime(header, 10s, 500ms), time);
  };
  // Less the offset
  gives("5", 4500ms);
  gives("2.5", 2s);
  // Never more than half of it
  gives("0.5", 250ms);
  gives("0.001", 1ms);
  // The target's own timeout is smaller
  gives("60", 10s);
  gives("1e300", 10s);
  // Not a positive number
  for (const char* header : {"", "0", "-1", "ten", "5s", "NaN", "inf", " 5"}) gives(header, 10s);
}

}  // namespace
}  // namespace postern::web
