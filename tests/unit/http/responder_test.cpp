#include "http/response_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "http/server.h"
#include "unit/http/client.h"
#include "unit/http/handlers.h"
#include "unit/http/inflated.h"

namespace postern::http {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kPage(100'000, 'p');
constexpr std::string_view kGzip = "Accept-Encoding: gzip\r\n";

struct Answer {
  std::string head;  // with its empty line
  std::string body;  // as on the wire
  bool reset;
};

// The whole response to one request, up to the end of its connection.
Answer answerOf(AsyncHandler handler, const std::string& request) {
  const Service service{std::move(handler)};
  Server server({});
  Client client(*server.listen("127.0.0.1:0", service));
  client.send(request);
  Answer answer;
  answer.head = client.readThrough("\r\n\r\n");
  answer.body = client.readToEnd();
  answer.reset = client.wasReset();
  return answer;
}

std::string request(std::string_view method, std::string_view headers = "") {
  return std::string(method) + " / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
         std::string(headers) + "\r\n";
}

ResponseHead withStatus(int status) {
  ResponseHead head;
  head.status = status;
  return head;
}

AsyncHandler sends(ResponseHead head, std::string body) {
  return always(Reply{std::move(head), std::move(body)});
}

async::Task<> streamAll(const std::vector<std::string>& blocks, Responder& responder) {
  responder.begin({});
  for (const auto& block : blocks) {
    const bool taken = co_await responder.write(block);
    EXPECT_TRUE(taken);
  }
  const bool finished = co_await responder.finish();
  EXPECT_TRUE(finished);
}

AsyncHandler streams(std::vector<std::string> blocks) {
  return [blocks = std::move(blocks)](const Request&, Responder& responder) {
    return streamAll(blocks, responder);
  };
}

async::Task<> streamsAndAborts(const Request&, Responder& responder) {
  responder.begin({});
  for (int i = 0; i < 10; ++i) {
    const bool taken = co_await responder.write(kPage);
    EXPECT_TRUE(taken);
  }
  responder.abort();
  const bool taken = co_await responder.write(kPage);
  const bool finished = co_await responder.finish();
  EXPECT_FALSE(taken || finished);
}

async::Task<> beginsAlone(const Request&, Responder& responder) {
  static const std::string block = "up 1\n";
  responder.begin({});
  co_await responder.write(block);
}

// The data of all chunks; nullopt if the framing is wrong or the final chunk is missing.
std::optional<std::string> unchunked(std::string_view body) {
  std::string data;
  while (true) {
    const auto line = body.find("\r\n");
    if (line == std::string_view::npos) return std::nullopt;
    const auto size = std::stoul(std::string(body.substr(0, line)), nullptr, 16);
    body.remove_prefix(line + 2);
    if (body.size() < size + 2 || body.substr(size, 2) != "\r\n") return std::nullopt;
    data += body.substr(0, size);
    body.remove_prefix(size + 2);
    if (size == 0) return body.empty() ? std::optional(data) : std::nullopt;
  }
}

TEST(ResponderTest, WritesStatusReasonAndHeaders) {
  const ResponseHead head{503, "backoff", "text/plain", {{"Retry-After", "7"}}};

  const auto answer = answerOf(sends(head, "backoff: wait\n"), request("GET"));

  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 503 backoff\r\nDate: "));
  EXPECT_THAT(answer.head, ContainsRegex("Date: [A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] "
                                         "20[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT\r\n"));
  EXPECT_THAT(answer.head, EndsWith("Content-Type: text/plain\r\nRetry-After: 7\r\n"
                                    "Connection: close\r\nContent-Length: 14\r\n\r\n"));
  EXPECT_EQ(answer.body, "backoff: wait\n");
}

TEST(ResponderTest, NamesTheStatusWhenTheHandlerDoesNot) {
  EXPECT_THAT(answerOf(sends(withStatus(405), ""), request("GET")).head,
              StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
}

TEST(ResponderTest, AHeaderCannotAddLines) {
  const ResponseHead head{200, "O\r\nK: 1", "text/plain", {{"X", "a\r\n\r\nb"}}};

  EXPECT_THAT(answerOf(sends(head, ""), request("GET")).head,
              AllOf(StartsWith("HTTP/1.1 200 O  K: 1\r\n"), HasSubstr("\r\nX: a    b\r\n")));
}

TEST(ResponderTest, AddedHeadersReplaceThoseOfTheSameName) {
  static const Headers added = {{"cache-CONTROL", "no-store"}, {"X-More", "1"}};
  const AsyncHandler send = [](const Request&, Responder& responder) {
    responder.addHeaders(added);
    return responder.send(Reply{{200, {}, "text/plain", {{"Cache-Control", "max-age=1"}}}, "x"});
  };
  const AsyncHandler sendLast = [](const Request&, Responder& responder) {
    responder.addHeaders(added);
    return responder.sendLast({{200, {}, "text/plain", {{"Cache-Control", "max-age=1"}}}, "x"});
  };
  const AsyncHandler streaming = [](const Request& request, Responder& responder) {
    responder.addHeaders(added);
    return streamsAndAborts(request, responder);
  };

  for (const auto& handler : {send, sendLast, streaming}) {
    EXPECT_THAT(answerOf(handler, request("GET")).head,
                AllOf(HasSubstr("\r\ncache-CONTROL: no-store\r\nX-More: 1\r\n"),
                      Not(HasSubstr("max-age"))));
  }
}

TEST(ResponderTest, StreamsOneChunkForEachBlock) {
  const auto answer = answerOf(streams({"up 1\n", "", kPage}), request("GET"));

  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Transfer-Encoding: chunked\r\n"),
                    HasSubstr("Vary: Accept-Encoding\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_EQ(answer.body, "5\r\nup 1\n\r\n186a0\r\n" + kPage + "\r\n0\r\n\r\n");
}

TEST(ResponderTest, StreamsAnEmptyBody) {
  EXPECT_EQ(answerOf(streams({}), request("GET")).body, "0\r\n\r\n");
  EXPECT_EQ(inflated(*unchunked(answerOf(streams({}), request("GET", kGzip)).body)), "");
}

TEST(ResponderTest, AnAbortedBodyHasNoFinalChunk) {
  const auto plain = answerOf(streamsAndAborts, request("GET"));
  const auto packed = answerOf(streamsAndAborts, request("GET", kGzip));

  EXPECT_THAT(plain.body, AllOf(StartsWith("186a0\r\nppp"), EndsWith("ppp\r\n")));
  EXPECT_EQ(unchunked(plain.body), std::nullopt);
  EXPECT_EQ(unchunked(packed.body), std::nullopt);
}

TEST(ResponderTest, WhatIsNeitherFinishedNorAbortedEndsLikeAnAbort) {
  const auto answer = answerOf(beginsAlone, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");

  EXPECT_EQ(answer.body, "5\r\nup 1\n\r\n");
}

TEST(ResponderTest, StreamsToHttp10UntilTheEndOfTheConnection) {
  const auto answer =
      answerOf(streams({"up 1\n", kPage}), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Connection: close\r\n"), Not(HasSubstr("Transfer-Encoding"))));
  EXPECT_EQ(answer.body, "up 1\n" + kPage);
  EXPECT_FALSE(answer.reset);
}

TEST(ResponderTest, AnAbortToHttp10ResetsTheConnection) {
  EXPECT_TRUE(answerOf(streamsAndAborts, "GET / HTTP/1.0\r\n\r\n").reset);
}

TEST(ResponderTest, PacksWhatIsWorthItWhenTheClientTakesGzip) {
  const auto answer = answerOf(sends({}, kPage), request("GET", kGzip));

  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("Vary: Accept-Encoding\r\n"),
                    HasSubstr("Content-Length: " + std::to_string(answer.body.size()) + "\r\n")));
  EXPECT_EQ(inflated(answer.body), kPage);
}

TEST(ResponderTest, PacksALargeBodyOnAnotherThread) {
  const std::string page(3'000'000, 'p');
  const auto answer = answerOf(sends({}, page), request("GET", kGzip));

  EXPECT_THAT(answer.head,
              HasSubstr("Content-Length: " + std::to_string(answer.body.size()) + "\r\n"));
  EXPECT_TRUE(inflated(answer.body) == page);
}

TEST(ResponderTest, SendsPlainToAClientThatDoesNotTakeGzip) {
  for (const std::string_view headers : {"", "Accept-Encoding: gzip;q=0\r\n"}) {
    const auto answer = answerOf(sends({}, kPage), request("GET", headers));
    EXPECT_THAT(answer.head,
                AllOf(Not(HasSubstr("Content-Encoding")), HasSubstr("Vary: Accept-Encoding\r\n")));
    EXPECT_EQ(answer.body, kPage);
  }
}

TEST(ResponderTest, SendsAShortBodyPlain) {
  const std::string body(ResponseEncoder::kLeastPacked - 1, 'x');

  const auto answer = answerOf(sends({}, body), request("GET", kGzip));

  EXPECT_THAT(answer.head, AllOf(Not(HasSubstr("Content-Encoding")), Not(HasSubstr("Vary"))));
  EXPECT_EQ(answer.body, body);
}

TEST(ResponderTest, PacksAStreamedBody) {
  std::vector<std::string> blocks;
  std::string whole;
  for (int i = 0; i < 50; ++i) {
    auto& block = blocks.emplace_back();
    for (int j = 0; j < 1000; ++j) block += std::to_string(i * j * 7919) + "\n";
    whole += block;
  }

  const auto answer = answerOf(streams(blocks), request("GET", kGzip));

  EXPECT_THAT(answer.head, HasSubstr("Content-Encoding: gzip\r\n"));
  const auto packed = unchunked(answer.body);
  ASSERT_TRUE(packed);
  EXPECT_EQ(inflated(*packed), whole);
}

TEST(ResponderTest, AnswersHeadWithTheHeadOfAGet) {
  const auto sent = answerOf(sends({}, kPage), request("HEAD"));
  const auto packed = answerOf(sends({}, kPage), request("HEAD", kGzip));
  const auto streamed = answerOf(streams({kPage}), request("HEAD"));

  EXPECT_THAT(sent.head, HasSubstr("Content-Length: 100000\r\n"));
  EXPECT_THAT(packed.head,
              AllOf(HasSubstr("Content-Encoding: gzip\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_THAT(streamed.head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  for (const auto& answer : {sent, packed, streamed}) EXPECT_THAT(answer.body, IsEmpty());
}

TEST(ResponderTest, SendsNoBodyWhereTheStatusHasNone) {
  const auto answer = answerOf(sends(withStatus(204), "ignored"), request("GET"));

  EXPECT_THAT(answer.head,
              AllOf(StartsWith("HTTP/1.1 204 No Content\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_THAT(answer.body, IsEmpty());
}

}  // namespace
}  // namespace postern::http
