#include "upstream/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace postern::upstream {
namespace {

using ::testing::HasSubstr;

enum class Method { Get, Head };
enum class Close { None, Clean, Cut };

struct Outcome {
  std::optional<Error> error;
  int status = 0;
  std::string body;
  bool whole = false;
  bool persistent = false;
  std::string rest;  // bytes behind the end
};

Outcome read(const std::vector<std::string_view>& pieces, Method method, Close close) {
  ResponseReader reader(method == Method::Head);
  Outcome outcome;
  for (std::string_view bytes : pieces) {
    for (;;) {
      const auto step = reader.next(bytes);
      if (!step) {
        outcome.error = step.error();
        return outcome;
      }
      if (step->event == ResponseEvent::Head) outcome.status = reader.response().status;
      if (step->event == ResponseEvent::Body) outcome.body += step->body;
      if (step->event == ResponseEvent::End) outcome.whole = true;
      if (step->event == ResponseEvent::More || outcome.whole) break;
    }
    outcome.rest += bytes;
  }
  if (close != Close::None && !outcome.whole) {
    const auto end = reader.endOfStream(close == Close::Clean);
    outcome.whole = static_cast<bool>(end);
    if (!end) outcome.error = end.error();
  }
  outcome.persistent = reader.persistent();
  return outcome;
}

// In one piece, cut in two at every byte, and byte by byte.
template <typename Check>
void inEveryCut(std::string_view bytes, Method method, Close close, Check check) {
  SCOPED_TRACE(bytes);
  check(read({bytes}, method, close));
  std::vector<std::string_view> each;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    SCOPED_TRACE(i);
    check(read({bytes.substr(0, i), bytes.substr(i)}, method, close));
    each.push_back(bytes.substr(i, 1));
  }
  check(read(each, method, close));
}

TEST(ResponseReaderTest, ReadsTheBodyThatTheHeadAnnounces) {
  const auto reads = [](std::string_view bytes, int status, std::string_view body,
                        Method method = Method::Get, Close close = Close::None) {
    inEveryCut(bytes, method, close, [&](const Outcome& outcome) {
      ASSERT_FALSE(outcome.error) << outcome.error->what;
      EXPECT_TRUE(outcome.whole);
      EXPECT_EQ(outcome.status, status);
      EXPECT_EQ(outcome.body, body);
      EXPECT_EQ(outcome.rest, "");
    });
  };

  // Content-Length
  reads("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nup 1", 200, "up 1");
  reads("HTTP/1.1 200\r\ncontent-length:4\r\n\r\nup 1", 200, "up 1");
  reads("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "");
  reads("HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\nContent-Length: 4\r\n\r\nup 1", 200, "up 1");
  // Chunks
  reads("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n4\r\nup 1\r\n0\r\n\r\n", 200, "up 1");
  reads(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2;a=\"b;c\"\r\nup\r\n002 \r\n 1\r\n0;last\r\nExpires: 0\r\nX: y\r\n\r\n",
      200, "up 1");
  reads("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", 200,
        "0123456789");
  // Until the close
  reads("HTTP/1.1 200 OK\r\n\r\nup 1", 200, "up 1", Method::Get, Close::Clean);
  reads("HTTP/1.0 200 OK\r\n\r\n", 200, "", Method::Get, Close::Clean);
  // No body, whatever the header fields say
  reads("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", 204, "");
  reads("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", 304, "");
  reads("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", 200, "", Method::Head);
  reads("HTTP/1.1 200 OK\r\n\r\n", 200, "", Method::Head);
  // Interim answers
  reads(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
      200, "x");
}

TEST(ResponseReaderTest, RefusesWhatCouldBeReadInTwoWays) {
  const auto refuses = [](std::string_view bytes, std::string_view error_text) {
    inEveryCut(bytes, Method::Get, Close::None, [&](const Outcome& outcome) {
      ASSERT_TRUE(outcome.error);
      EXPECT_EQ(outcome.error->fault, Fault::Format);
      EXPECT_THAT(outcome.error->what, HasSubstr(error_text));
    });
  };
  const auto fields = [&](const std::string& text, std::string_view error_text) {
    refuses("HTTP/1.1 200 OK\r\n" + text + "\r\n\r\n", error_text);
  };
  const auto chunks = [&](const std::string& text, std::string_view error_text) {
    refuses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text, error_text);
  };

  // Status line
  refuses("220 mail.example ESMTP\r\n", "not HTTP/1.1");
  refuses("HTTP/2 200\r\n", "not HTTP/1.1");
  refuses("HTTP/1.1 20\r\n", "no status");
  refuses("HTTP/1.1 2000\r\n", "no status");
  refuses("HTTP/1.1 099 x\r\n", "no status");
  refuses("HTTP/1.1 600 x\r\n", "no status");
  refuses("HTTP/1.1 101 Switching Protocols\r\n", "switches protocols");
  refuses("HTTP/1.1 200 OK\n", "CR LF");
  // Fields
  fields("Content-Length : 4", "an invalid name");
  fields("A: b\r\n folded", "an invalid name");
  fields(": b", "an invalid name");
  fields("nonsense", "an invalid name");
  fields("A: b\rc", "control character");
  fields(std::string("A: b\0c", 6), "control character");
  // Lengths
  fields("Content-Length: 4\r\nTransfer-Encoding: chunked", "both");
  fields("Content-Length: 4\r\nContent-Length: 5", "several different");
  fields("Content-Length: 4, 5", "several different");
  fields("Content-Length: +4", "not a number");
  fields("Content-Length: -4", "not a number");
  fields("Content-Length: 0x4", "not a number");
  fields("Content-Length:", "not a number");
  fields("Content-Length: 99999999999999999999", "not a number");
  // Transfer codings
  fields("Transfer-Encoding: gzip, chunked", "transfer encoding");
  fields("Transfer-Encoding: identity", "transfer encoding");
  fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "transfer encoding");
  refuses("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer encoding");
  // Chunks
  chunks("x\r\n", "size of a chunk");
  chunks("\r\n", "size of a chunk");
  chunks("-1\r\n", "size of a chunk");
  chunks("0x1\r\n", "size of a chunk");
  chunks("fffffffffffffffff\r\n", "size of a chunk");
  chunks("ffffffffffffffff\r\n", "size of a chunk");
  chunks("1\r\nab\r\n", "longer than its size");
  chunks("1\n", "CR LF");
  chunks(" 1\r\n", "size of a chunk");
  chunks("1 x\r\n", "text after the size of a chunk");
  chunks("1;a\x01\r\n", "text after the size of a chunk");
  chunks("1 ;a=\x7f\r\n", "text after the size of a chunk");
  chunks("0\r\nno colon\r\n", "a trailer");
  chunks("0\r\n folded: x\r\n", "a trailer");
  chunks("0\r\nname : x\r\n", "a trailer");
  chunks("0\r\nname: \x01\r\n", "control character");
}

TEST(ResponseReaderTest, DistinguishesACutFromAnEnd) {
  const auto breaks = [](std::string_view bytes, Close close, Fault fault,
                         std::string_view error_text) {
    inEveryCut(bytes, Method::Get, close, [&](const Outcome& outcome) {
      ASSERT_TRUE(outcome.error);
      EXPECT_EQ(outcome.error->fault, fault);
      EXPECT_THAT(outcome.error->what, HasSubstr(error_text));
    });
  };

  breaks("", Close::Clean, Fault::Connect, "before an answer");
  breaks("HTT", Close::Clean, Fault::Truncated, "in the head");
  breaks("HTTP/1.1 200 OK\r\nContent-Len", Close::Cut, Fault::Truncated, "in the head");
  breaks("HTTP/1.1 100 Continue\r\n\r\n", Close::Clean, Fault::Truncated, "in the head");
  breaks("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nup", Close::Clean, Fault::Truncated,
         "after 2 of 4 bytes");
  breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nup 1\r\n", Close::Clean,
         Fault::Truncated, "after 4 bytes, before its last chunk");
  breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nup", Close::Cut,
         Fault::Truncated, "after 2 bytes");
  breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", Close::Clean,
         Fault::Truncated, "before its last chunk");
  breaks("HTTP/1.1 200 OK\r\n\r\nup", Close::Cut, Fault::Truncated, "close_notify");
}

TEST(ResponseReaderTest, KnowsWhetherTheConnectionMayBeKept) {
  const auto keeps = [](const std::string& head, bool kept) {
    const std::string bytes = head + "Content-Length: 0\r\n\r\n";
    inEveryCut(bytes, Method::Get, Close::None,
               [&](const Outcome& outcome) { EXPECT_EQ(outcome.persistent, kept); });
  };

  keeps("HTTP/1.1 200 OK\r\n", true);
  keeps("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", true);
  keeps("HTTP/1.1 200 OK\r\nConnection: upgrade, Close\r\n", false);
  keeps("HTTP/1.0 200 OK\r\n", false);
  keeps("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", true);
}

TEST(ResponseReaderTest, LeavesTheBytesAfterTheAnswer) {
  const auto outcome =
      read({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nupHTTP/1.1"}, Method::Get, Close::None);

  EXPECT_TRUE(outcome.whole);
  EXPECT_EQ(outcome.body, "up");
  EXPECT_EQ(outcome.rest, "HTTP/1.1");
}

TEST(ResponseReaderTest, BoundsHeadTrailersAndInterimAnswers) {
  const auto tooLong = [](const std::string& bytes) {
    const auto outcome = read({bytes}, Method::Get, Close::None);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->fault, Fault::Limit);
  };
  const std::string field = "X: " + std::string(1000, 'x') + "\r\n";
  std::string fields;
  for (int i = 0; i < 70; ++i) fields += field;

  tooLong(std::string(ResponseReader::kHeadLimit + 1, 'x'));
  tooLong("HTTP/1.1 200 OK\r\n" + fields);
  tooLong("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + fields);
  tooLong("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
          std::string(ResponseReader::kHeadLimit, 'x'));
  std::string interim;
  for (int i = 0; i < 4000; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  tooLong(interim);
}

TEST(ResponseReaderTest, GivesHeadersInLowerCaseAndTrimmed) {
  std::string_view bytes = "HTTP/1.1 200 OK\r\nX-Thing: \t a b \t\r\nx-thing: c\r\n\r\n";
  ResponseReader reader(true);

  ASSERT_TRUE(reader.next(bytes));

  EXPECT_EQ(reader.response().header("x-thing"), "a b");
  EXPECT_EQ(reader.response().header("absent"), "");
}

}  // namespace
}  // namespace postern::upstream
