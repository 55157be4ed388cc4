#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/request_body.h"
#include "http/server.h"
#include "unit/http/client.h"
#include "unit/http/handlers.h"

namespace postern::http {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kMost = 100U << 10;  // bytes of a body

// A server that answers with the size of each body, and with the body when it is short.
struct RunningEcho {
  explicit RunningEcho(std::size_t most = kMost, milliseconds header_timeout = milliseconds(60'000))
      : service{[](const Request& request, Responder& responder) {
                  const auto& body = request.body;
                  return responder.send(
                      replyWith(std::to_string(body.size()) + ':' + body.substr(0, 100) + '\n'));
                },
                {},
                most},
        server({.header_timeout = header_timeout}),
        port(*server.listen("127.0.0.1:0", service)) {}

  const Service service;
  Server server;
  std::uint16_t port;
};

std::string head(const std::string& headers) {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

std::string withLength(const std::string& body) {
  return head("Content-Length: " + std::to_string(body.size()) + "\r\n") + body;
}

std::string chunked(const std::string& chunks) {
  return head("Transfer-Encoding: chunked\r\n") + chunks;
}

TEST(BodyTest, ReachesTheHandlerByItsLengthAndOutOfItsChunks) {
  RunningEcho running;
  const auto answers = [&](const std::string& request, const std::string& end) {
    SCOPED_TRACE(request.substr(0, 120));
    Client client(running.port);
    client.send(request);
    EXPECT_THAT(client.readAnswer(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith(end)));
    // What follows is the next request.
    client.send(withLength("next"));
    EXPECT_THAT(client.readAnswer(), EndsWith("4:next\n"));
  };

  answers(withLength(""), "0:\n");
  answers(withLength("abc"), "3:abc\n");
  answers(withLength(std::string(kMost, 'x')), "102400:" + std::string(100, 'x') + "\n");
  answers(head(""), "0:\n");
  answers(chunked("0\r\n\r\n"), "0:\n");
  answers(chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "5:abcde\n");
  answers(chunked("A;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"), "10:0123456789\n");
  answers(chunked("19000\r\n" + std::string(kMost, 'y') + "\r\n0\r\n\r\n"),
          "102400:" + std::string(100, 'y') + "\n");
}

TEST(BodyTest, ReachesTheHandlerInPiecesAndBesideOtherRequests) {
  RunningEcho running;
  const std::string all = chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") + withLength("fgh") +
                          chunked("1;x\r\ni\r\n0\r\nT: t\r\n\r\n");
  Client whole(running.port);
  Client pieces(running.port);

  whole.send(all);
  for (const char byte : all) pieces.send(std::string(1, byte));

  for (const auto* const client : {&whole, &pieces}) {
    for (const auto* end : {"5:abcde\n", "3:fgh\n", "1:i\n"}) {
      EXPECT_THAT(const_cast<Client*>(client)->readAnswer(), EndsWith(end));
    }
  }
}

TEST(BodyTest, IsRefusedWhenItIsTooLongOrHasNoClearEnd) {
  RunningEcho running;
  const auto refuses = [&](const std::string& request, const std::string& start) {
    SCOPED_TRACE(request.substr(0, 120));
    Client client(running.port);
    client.send(request);
    EXPECT_THAT(client.readToEnd(), StartsWith(start));
    EXPECT_FALSE(client.wasReset());
  };

  refuses(withLength(std::string(kMost + 1, 'x')), "HTTP/1.1 413 ");
  refuses(withLength(std::string(40 * kMost, 'x')), "HTTP/1.1 413 ");
  refuses(chunked("19000\r\n" + std::string(kMost, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n"),
          "HTTP/1.1 413 ");
  refuses(chunked("FFFFFFFF\r\n"), "HTTP/1.1 413 ");
  for (const auto* chunks :
       {"\r\n", "x\r\n", "-1\r\n", "0x1\r\n", "123456789\r\n", "1\n", "1\r\nxx\r\n", "1\r\nx\n",
        "1 1\n", "FFFFFFFFFFFFFFFFF\r\n", ";x\r\n", "1 1\r\n", "1;\x01\r\n", "0\r\nno colon\r\n",
        "0\r\n folded: x\r\n", "0\r\nname : x\r\n", "0\r\nname: \x01\r\n"}) {
    refuses(chunked(chunks), "HTTP/1.1 400 ");
  }
  refuses(chunked("1;" + std::string(2000, 'x')), "HTTP/1.1 400 ");
  std::string many;
  for (int i = 0; i < 10; ++i) many += "1;" + std::string(900, 'x') + "\r\nx\r\n";
  refuses(chunked(many), "HTTP/1.1 400 ");
  std::string trailers = "0\r\n";
  for (int i = 0; i < 10; ++i) trailers += "T: " + std::string(900, 'x') + "\r\n";
  refuses(chunked(trailers), "HTTP/1.1 400 ");
}

TEST(BodyTest, AnswersAClientThatWaitsToSendIt) {
  RunningEcho running;
  Client client(running.port);

  client.send(head("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"));

  EXPECT_EQ(client.readThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("1\r\nx\r\n0\r\n\r\n");
  EXPECT_THAT(client.readAnswer(), EndsWith("1:x\n"));

  Client refused(running.port);
  refused.send(head("Expect: 100-continue\r\nContent-Length: 1000000\r\n"));
  EXPECT_THAT(refused.readToEnd(), StartsWith("HTTP/1.1 413 "));
}

TEST(BodyTest, IsNotWaitedForTooLong) {
  RunningEcho running(kMost, milliseconds(20));
  Client client(running.port);

  client.send(head("Content-Length: 100\r\n") + "x");

  EXPECT_THAT(client.readToEnd(), AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("in time")));
}

TEST(RequestBodyTest, FindsNoRoomWhileOthersTakeIt) {
  Budget budget(10);
  RequestBody first(budget);
  RequestBody second(budget);
  std::string kept_first;
  std::string kept_second;
  RequestHead head;
  head.content_length = 8;
  const auto feed = [](RequestBody& body, std::string_view bytes) { return body.take(bytes); };

  EXPECT_EQ(first.begin(head, 8, kept_first), BodyProgress::Incomplete);
  EXPECT_EQ(second.begin(head, 8, kept_second), BodyProgress::Incomplete);
  EXPECT_EQ(feed(first, "12345678"), BodyProgress::Complete);
  EXPECT_EQ(feed(second, "12"), BodyProgress::Incomplete);
  EXPECT_EQ(feed(second, "345"), BodyProgress::Busy);
  EXPECT_EQ(kept_first, "12345678");

  first.clear();
  second.clear();
  EXPECT_EQ(kept_first, "");
  EXPECT_EQ(second.begin(head, 8, kept_second), BodyProgress::Incomplete);
  EXPECT_EQ(feed(second, "123456789"), BodyProgress::Complete);
  EXPECT_EQ(kept_second, "12345678") << "the rest belongs to the next request";
}

}  // namespace
}  // namespace postern::http
