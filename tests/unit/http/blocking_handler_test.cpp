#include "http/blocking_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include "unit/http/client.h"
#include "unit/http/handlers.h"

namespace postern::http {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A server with one handler thread. Its requests block that thread until release.
class BlockingHandlerTest : public ::testing::Test {
 protected:
  void listen(milliseconds queue_timeout = milliseconds(60'000)) {
    server.emplace(ServerOptions{.threads = 2, .queue_timeout = queue_timeout});
    port = *server->listen("127.0.0.1:0", service);
  }
  void waitUntilEntered(int count) const {
    while (entered < count) std::this_thread::yield();
  }
  Reply waitForRelease(const Request& request) {
    ++entered;
    while (!released) std::this_thread::yield();
    ++returned;
    return replyWith(request.path + "\n");
  }

  std::atomic<int> entered = 0;
  std::atomic<int> returned = 0;
  std::atomic<bool> released = false;
  const Headers headers = {{"X-Added", "yes"}};
  const BlockingHandler handler = [this](const Request& request, const ClientGone&) {
    return waitForRelease(request);
  };
  const Service service{[this](const Request& request, Responder& responder) {
    responder.addHeaders(headers);
    if (request.path == "/loop") return responder.send(replyWith("loop\n"));
    return answerBlocking(handler, request, responder);
  }};
  std::optional<Server> server;
  std::uint16_t port = 0;
};

TEST_F(BlockingHandlerTest, KeepsTheConnectionUntilTheJobHasReturnedAfterTheClientHasGone) {
  listen();
  {
    Client client(port);
    client.get("/gone");
    waitUntilEntered(1);
  }
  Client other(port);
  other.get("/loop");
  EXPECT_THAT(other.readAnswer(), EndsWith("loop\n"));
  EXPECT_EQ(server->counts().connections, 2U) << "the thread uses the first one";

  released = true;

  while (server->counts().connections > 1) std::this_thread::yield();
  EXPECT_EQ(returned, 1);
}

TEST_F(BlockingHandlerTest, StopWaitsForAJobThatIsCutOff) {
  listen();
  Client client(port);
  client.get("/late");
  waitUntilEntered(1);

  auto stopped = std::async(std::launch::async, [this] { return server->stop(milliseconds(0)); });
  while (Client(port).connected()) std::this_thread::yield();
  EXPECT_EQ(stopped.wait_for(milliseconds(0)), std::future_status::timeout);
  released = true;

  stopped.wait();
  EXPECT_EQ(returned, 1);
  EXPECT_EQ(server->counts().connections, 0U);
}

TEST_F(BlockingHandlerTest, AServerThatStopsStartsNoJobThatWaitsForAThread) {
  listen();
  Client first(port);
  first.get("/first");
  waitUntilEntered(1);
  Client second(port);
  second.get("/second");
  while (server->counts().connections < 2) std::this_thread::yield();

  auto stopped = std::async(std::launch::async, [this] { return server->stop(milliseconds(0)); });
  EXPECT_EQ(second.readToEnd(), "");
  released = true;

  stopped.wait();
  EXPECT_EQ(entered, 1);
  EXPECT_EQ(server->counts().busy, 0U);
}

TEST_F(BlockingHandlerTest, AddsTheHeadersToEveryAnswer) {
  listen(milliseconds(1));
  Client first(port);
  first.get("/first");
  waitUntilEntered(1);
  Client busy(port);
  busy.get("/busy");
  EXPECT_THAT(busy.readToEnd(),
              AllOf(StartsWith("HTTP/1.1 503 busy\r\n"), HasSubstr("\r\nX-Added: yes\r\n")));

  released = true;

  EXPECT_THAT(first.readAnswer(), AllOf(HasSubstr("\r\nX-Added: yes\r\n"), EndsWith("/first\n")));
}

}  // namespace
}  // namespace postern::http
