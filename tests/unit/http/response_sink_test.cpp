#include "http/response_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "http/server.h"
#include "unit/http/client.h"
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

// Everything that one request is answered, up to the end of its connection.
Answer answerOf(Handler handler, const std::string& request) {
  const Site site{std::move(handler), {}, {}};
  Server server({});
  Client client(*server.listen("127.0.0.1:0", site));
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

Handler sends(ResponseHead head, std::string body) {
  return [=](const Request&, ResponseSink& sink) { sink.send(head, body); };
}

Handler streams(std::vector<std::string> blocks) {
  return [=](const Request&, ResponseSink& sink) {
    bool good = sink.begin({});
    for (const auto& block : blocks) good = good && sink.write(block);
    EXPECT_TRUE(good && sink.finish());
  };
}

void streamsAndAborts(const Request&, ResponseSink& sink) {
  sink.begin({});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(sink.write(kPage));
  sink.abort();
  EXPECT_FALSE(sink.write(kPage));
  EXPECT_FALSE(sink.finish());
}

// The data of all chunks; nothing when the framing is wrong or the final chunk is missing.
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

TEST(ResponseSinkTest, WritesStatusReasonAndHeaders) {
  const ResponseHead head{503, "backoff", "text/plain", {{"Retry-After", "7"}}};

  const auto answer = answerOf(sends(head, "backoff: wait\n"), request("GET"));

  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 503 backoff\r\nDate: "));
  EXPECT_THAT(answer.head, ContainsRegex("Date: [A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] "
                                         "20[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT\r\n"));
  EXPECT_THAT(answer.head, EndsWith("Content-Type: text/plain\r\nRetry-After: 7\r\n"
                                    "Connection: close\r\nContent-Length: 14\r\n\r\n"));
  EXPECT_EQ(answer.body, "backoff: wait\n");
}

TEST(ResponseSinkTest, NamesTheStatusWhenTheHandlerDoesNot) {
  EXPECT_THAT(answerOf(sends(withStatus(405), ""), request("GET")).head,
              StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
}

TEST(ResponseSinkTest, AHeaderCannotAddLines) {
  const ResponseHead head{200, "O\r\nK: 1", "text/plain", {{"X", "a\r\n\r\nb"}}};

  EXPECT_THAT(answerOf(sends(head, ""), request("GET")).head,
              AllOf(StartsWith("HTTP/1.1 200 O  K: 1\r\n"), HasSubstr("\r\nX: a    b\r\n")));
}

TEST(ResponseSinkTest, StreamsOneChunkForEachBlock) {
  const auto answer = answerOf(streams({"up 1\n", "", kPage}), request("GET"));

  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Transfer-Encoding: chunked\r\n"),
                    HasSubstr("Vary: Accept-Encoding\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_EQ(answer.body, "5\r\nup 1\n\r\n186a0\r\n" + kPage + "\r\n0\r\n\r\n");
}

TEST(ResponseSinkTest, StreamsAnEmptyBody) {
  EXPECT_EQ(answerOf(streams({}), request("GET")).body, "0\r\n\r\n");
  EXPECT_EQ(inflated(*unchunked(answerOf(streams({}), request("GET", kGzip)).body)), "");
}

TEST(ResponseSinkTest, AnAbortedBodyHasNoFinalChunk) {
  const auto plain = answerOf(streamsAndAborts, request("GET"));
  const auto packed = answerOf(streamsAndAborts, request("GET", kGzip));

  EXPECT_THAT(plain.body, AllOf(StartsWith("186a0\r\nppp"), EndsWith("ppp\r\n")));
  EXPECT_EQ(unchunked(plain.body), std::nullopt);
  EXPECT_EQ(unchunked(packed.body), std::nullopt);
}

TEST(ResponseSinkTest, WhatIsNeitherFinishedNorAbortedEndsLikeAnAbort) {
  const auto answer = answerOf(
      [](const Request&, ResponseSink& sink) {
        sink.begin({});
        sink.write("up 1\n");
      },
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n");

  EXPECT_EQ(answer.body, "5\r\nup 1\n\r\n");
}

TEST(ResponseSinkTest, StreamsToHttp10UntilTheEndOfTheConnection) {
  const auto answer =
      answerOf(streams({"up 1\n", kPage}), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Connection: close\r\n"), Not(HasSubstr("Transfer-Encoding"))));
  EXPECT_EQ(answer.body, "up 1\n" + kPage);
  EXPECT_FALSE(answer.reset);
}

TEST(ResponseSinkTest, AnAbortToHttp10ResetsTheConnection) {
  EXPECT_TRUE(answerOf(streamsAndAborts, "GET / HTTP/1.0\r\n\r\n").reset);
}

TEST(ResponseSinkTest, PacksWhatIsWorthItWhenTheClientTakesGzip) {
  const auto answer = answerOf(sends({}, kPage), request("GET", kGzip));

  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("Vary: Accept-Encoding\r\n"),
                    HasSubstr("Content-Length: " + std::to_string(answer.body.size()) + "\r\n")));
  EXPECT_EQ(inflated(answer.body), kPage);
}

TEST(ResponseSinkTest, SendsPlainToAClientThatDoesNotTakeGzip) {
  for (const std::string_view headers : {"", "Accept-Encoding: gzip;q=0\r\n"}) {
    const auto answer = answerOf(sends({}, kPage), request("GET", headers));
    EXPECT_THAT(answer.head,
                AllOf(Not(HasSubstr("Content-Encoding")), HasSubstr("Vary: Accept-Encoding\r\n")));
    EXPECT_EQ(answer.body, kPage);
  }
}

TEST(ResponseSinkTest, SendsAShortBodyPlain) {
  const std::string body(ResponseEncoder::kLeastPacked - 1, 'x');

  const auto answer = answerOf(sends({}, body), request("GET", kGzip));

  EXPECT_THAT(answer.head, AllOf(Not(HasSubstr("Content-Encoding")), Not(HasSubstr("Vary"))));
  EXPECT_EQ(answer.body, body);
}

TEST(ResponseSinkTest, PacksAStreamedBody) {
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

TEST(ResponseSinkTest, AnswersHeadWithTheHeadOfAGet) {
  const auto sent = answerOf(sends({}, kPage), request("HEAD"));
  const auto packed = answerOf(sends({}, kPage), request("HEAD", kGzip));
  const auto streamed = answerOf(streams({kPage}), request("HEAD"));

  EXPECT_THAT(sent.head, HasSubstr("Content-Length: 100000\r\n"));
  EXPECT_THAT(packed.head,
              AllOf(HasSubstr("Content-Encoding: gzip\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_THAT(streamed.head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  for (const auto& answer : {sent, packed, streamed}) EXPECT_THAT(answer.body, IsEmpty());
}

TEST(ResponseSinkTest, SendsNoBodyWhereTheStatusHasNone) {
  const auto answer = answerOf(sends(withStatus(204), "ignored"), request("GET"));

  EXPECT_THAT(answer.head,
              AllOf(StartsWith("HTTP/1.1 204 No Content\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_THAT(answer.body, IsEmpty());
}

}  // namespace
}  // namespace postern::http
