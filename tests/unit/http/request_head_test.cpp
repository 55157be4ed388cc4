#include "http/request_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace postern::http {
namespace {

using ::testing::HasSubstr;

// Feeds `text` in one piece, then byte by byte, each twice, to one parser; `claim` holds each time.
template <typename Claim>
void eachWay(RequestHeadParser& parser, std::string_view text, Claim claim) {
  SCOPED_TRACE(std::string(text.substr(0, 200)));
  for (int round = 0; round < 2; ++round) {
    parser.reset();
    std::string_view rest = text;
    auto progress = parser.parse(rest);
    claim(progress);
    if (progress == HeadProgress::Complete) {
      EXPECT_EQ(rest, "");
    }
    parser.reset();
    progress = HeadProgress::Incomplete;
    std::size_t taken = 0;
    for (std::size_t at = 0; at < text.size() && progress == HeadProgress::Incomplete; ++at) {
      std::string_view byte = text.substr(at, 1);
      progress = parser.parse(byte);
      ++taken;
    }
    claim(progress);
    if (progress == HeadProgress::Complete) {
      EXPECT_EQ(taken, text.size());
    }
  }
}

// A request with these lines after its request line.
std::string withHeaders(std::string_view lines, std::string_view version = "1.1") {
  return "GET / HTTP/" + std::string(version) + "\r\n" + std::string(lines) + "\r\n";
}

TEST(RequestHeadTest, ReadsMethodPathQueryAndHeaders) {
  RequestHeadParser parser;
  const std::string text =
      "GET /metrics/a?b=%20c&d HTTP/1.1\r\nHost: x:3000\r\nX-Odd:  \t two words \r\nEmpty:\r\n\r\n";

  eachWay(parser, text, [&](HeadProgress progress) {
    ASSERT_EQ(progress, HeadProgress::Complete);
    const auto& head = parser.head();
    EXPECT_EQ(head.request.method, "GET");
    EXPECT_EQ(head.request.path, "/metrics/a");
    EXPECT_EQ(head.request.query, "b=%20c&d");
    EXPECT_EQ(head.request.headers,
              (Headers{{"host", "x:3000"}, {"x-odd", "two words"}, {"empty", ""}}));
    EXPECT_EQ(head.request.header("x-odd"), "two words");
    EXPECT_EQ(head.request.header("absent"), "");
  });
}

TEST(RequestHeadTest, ReadsTheTarget) {
  RequestHeadParser parser;
  const auto reads = [&](std::string_view target, std::string_view path, std::string_view query) {
    const auto text = "OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    eachWay(parser, text, [&](HeadProgress progress) {
      ASSERT_EQ(progress, HeadProgress::Complete);
      EXPECT_EQ(parser.head().request.path, path);
      EXPECT_EQ(parser.head().request.query, query);
    });
  };

  // Origin form
  reads("/", "/", "");
  reads("/?", "/", "");
  reads("/a?b?c", "/a", "b?c");
  // Percent escapes, in the path only
  reads("/a%2fb%2Ec", "/a/b.c", "");
  reads("/%C3%A9?%zz", "/\xC3\xA9", "%zz");
  // Absolute form (RFC 9112 section 3.2.2) and asterisk form (3.2.4)
  reads("http://host:80/a?b", "/a", "b");
  reads("HTTPS://host", "/", "");
  reads("http://host?b", "/", "b");
  reads("*", "*", "");
}

TEST(RequestHeadTest, SaysWhetherTheConnectionStaysOpen) {
  RequestHeadParser parser;
  const auto keeps = [&](std::string_view version, std::string_view lines, bool keep_alive) {
    eachWay(parser, withHeaders("Host: x\r\n" + std::string(lines), version),
            [&](HeadProgress progress) {
              ASSERT_EQ(progress, HeadProgress::Complete);
              EXPECT_EQ(parser.head().keep_alive, keep_alive);
            });
  };

  keeps("1.1", "", true);
  keeps("1.7", "", true);
  keeps("1.1", "Connection: Close\r\n", false);
  keeps("1.1", "Connection: te, close\r\n", false);
  keeps("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false);
  keeps("1.0", "", false);
  keeps("1.0", "Connection: Keep-Alive\r\n", true);
}

TEST(RequestHeadTest, ReadsHowTheBodyIsFramed) {
  RequestHeadParser parser;
  const auto framed = [&](std::string_view lines, std::uint64_t length, bool chunked) {
    eachWay(parser, withHeaders("Host: x\r\n" + std::string(lines)), [&](HeadProgress progress) {
      ASSERT_EQ(progress, HeadProgress::Complete);
      EXPECT_EQ(parser.head().content_length, length);
      EXPECT_EQ(parser.head().chunked_body, chunked);
    });
  };

  framed("", 0, false);
  framed("Content-Length: 0\r\n", 0, false);
  framed("content-length: 0065\r\n", 65, false);
  framed("Content-Length: 18446744073709551615\r\n", UINT64_MAX, false);
  framed("Content-Length: 99999999999999999999999\r\n", UINT64_MAX, false);
  framed("Transfer-Encoding: Chunked\r\n", 0, true);
}

TEST(RequestHeadTest, PassesOverAnEmptyLineBeforeTheRequest) {
  RequestHeadParser parser;
  const auto text = "\r\n" + withHeaders("Host: x\r\n");

  eachWay(parser, text,
          [&](HeadProgress progress) { EXPECT_EQ(progress, HeadProgress::Complete); });
}

TEST(RequestHeadTest, LeavesWhatFollowsTheHead) {
  RequestHeadParser parser;
  const auto first = withHeaders("Host: x\r\n");

  const auto both = first + "GET /next";
  std::string_view bytes = both;

  EXPECT_FALSE(parser.started());
  ASSERT_EQ(parser.parse(bytes), HeadProgress::Complete);

  EXPECT_TRUE(parser.started());
  EXPECT_EQ(bytes, "GET /next");
}

TEST(RequestHeadTest, RefusesMalformedHeads) {
  RequestHeadParser parser;
  const auto refuses = [&](const std::string& text, int status, std::string_view error_text) {
    eachWay(parser, text, [&](HeadProgress progress) {
      ASSERT_EQ(progress, HeadProgress::Refused);
      EXPECT_EQ(parser.refusal().status, status);
      EXPECT_THAT(parser.refusal().what, HasSubstr(std::string(error_text)));
    });
  };
  const auto line = [](std::string_view text) { return std::string(text) + "\r\nHost: x\r\n\r\n"; };

  // Request line (RFC 9112 section 3)
  refuses("\x16\x03\x01", 400, "not an HTTP request");
  refuses(line("GET"), 400, "not method, target and version");
  refuses(line("GET /"), 400, "not method, target and version");
  refuses(line("GET  / HTTP/1.1"), 400, "invalid in a URL");
  refuses(line("GET /a b HTTP/1.1"), 400, "invalid in a URL");
  refuses(line("GET\t/ HTTP/1.1"), 400, "not method, target and version");
  refuses(line("G(T / HTTP/1.1"), 400, "method");
  refuses(line("GET / HTTP/1.1 "), 400, "HTTP version");
  refuses(line("GET / http/1.1"), 400, "HTTP version");
  refuses(line("GET / HTTP/1.10"), 400, "HTTP version");
  refuses(line("GET / HTTP/2.0"), 505, "HTTP/1.1");
  refuses(line("CONNECT a:443 HTTP/1.1"), 501, "proxy requests are not supported");
  // Target
  refuses(line("GET metrics HTTP/1.1"), 400, "neither a path");
  refuses(line("GET * HTTP/1.1"), 400, "neither a path");
  refuses(line("GET http:///a HTTP/1.1"), 400, "neither a path");
  refuses(line("GET ftp://a/ HTTP/1.1"), 400, "neither a path");
  refuses(line("GET /a#b HTTP/1.1"), 400, "invalid in a URL");
  refuses(line("GET /\xC3\xA9 HTTP/1.1"), 400, "invalid in a URL");
  refuses(line("GET /% HTTP/1.1"), 400, "percent");
  refuses(line("GET /%4 HTTP/1.1"), 400, "percent");
  refuses(line("GET /%zz HTTP/1.1"), 400, "percent");
  refuses(line("GET /a%00b HTTP/1.1"), 400, "percent");
  refuses(line("GET /a%0ab HTTP/1.1"), 400, "percent");
  // Line ends (section 2.2)
  refuses("GET / HTTP/1.1\nHost: x\n\n", 400, "CR LF");
  refuses("GET / HTTP/1.1\r\nHost: x\n\r\n", 400, "CR LF");
  refuses("\nGET / HTTP/1.1\r\n", 400, "not an HTTP request");
  refuses(withHeaders("Host: x\r\nA: b\rc\r\n"), 400, "control byte");
  // Headers (section 5)
  refuses(withHeaders("Host: x\r\n folded\r\n"), 400, "folded");
  refuses(withHeaders(" Host: x\r\n"), 400, "folded");
  refuses(withHeaders("Host : x\r\n"), 400, "directly before its colon");
  refuses(withHeaders("Host: x\r\n: b\r\n"), 400, "directly before its colon");
  refuses(withHeaders("Host: x\r\nno colon\r\n"), 400, "no colon");
  refuses(withHeaders("Host: x\r\nA: b" + std::string(1, '\0') + "c\r\n"), 400, "control byte");
  refuses(withHeaders("Host: x\r\nA: b\x7F\r\n"), 400, "control byte");
  // Host (section 3.2)
  refuses(withHeaders(""), 400, "Host header is missing");
  refuses(withHeaders("Host: x\r\nHost: x\r\n"), 400, "not one host");
  refuses(withHeaders("Host: x/y\r\n"), 400, "not one host");
  refuses(withHeaders("Host: x, y\r\n"), 400, "not one host");
  // Expectations
  refuses(withHeaders("Host: x\r\nExpect: tea\r\n"), 417, "100-continue");
}

TEST(RequestHeadTest, RefusesFramingThatTwoReadersCouldTakeInTwoWays) {
  RequestHeadParser parser;
  const auto refuses = [&](std::string_view lines, int status, std::string_view version = "1.1") {
    eachWay(parser, withHeaders("Host: x\r\n" + std::string(lines), version),
            [&](HeadProgress progress) {
              ASSERT_EQ(progress, HeadProgress::Refused);
              EXPECT_EQ(parser.refusal().status, status);
            });
  };

  // RFC 9112 sections 6.1, 6.3 and 11.2
  refuses("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400);
  refuses("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400);
  refuses("Content-Length: 5\r\nContent-Length: 5\r\n", 400);
  refuses("Content-Length: 5, 5\r\n", 400);
  refuses("Content-Length:\r\n", 400);
  refuses("Content-Length: +5\r\n", 400);
  refuses("Content-Length: -5\r\n", 400);
  refuses("Content-Length: 0x5\r\n", 400);
  refuses("Content-Length: 5 5\r\n", 400);
  refuses("Transfer-Encoding: chunked\r\n", 400, "1.0");
  refuses("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501);
  refuses("Transfer-Encoding: gzip, chunked\r\n", 501);
  refuses("Transfer-Encoding: chunked, identity\r\n", 501);
  refuses("Transfer-Encoding: xchunked\r\n", 501);
}

TEST(RequestHeadTest, RefusesAHeadThatIsTooLarge) {
  RequestHeadParser parser;
  const auto refuses = [&](const std::string& text) {
    eachWay(parser, text, [&](HeadProgress progress) {
      ASSERT_EQ(progress, HeadProgress::Refused);
      EXPECT_EQ(parser.refusal().status, 431);
    });
  };
  std::string many;
  for (std::size_t i = 0; i <= RequestHeadParser::kMaxHeaders; ++i) many += "A: b\r\n";

  refuses("GET /" + std::string(RequestHeadParser::kMaxBytes, 'a'));
  refuses(withHeaders("A: " + std::string(RequestHeadParser::kMaxBytes, 'a') + "\r\n"));
  refuses(withHeaders(many));
}

TEST(RequestHeadTest, TakesAHeadOfTheLargestSize) {
  RequestHeadParser parser;
  const auto around = withHeaders("Host: x\r\nA: \r\n").size();
  const std::string filling(RequestHeadParser::kMaxBytes - around, 'a');

  const auto text = withHeaders("Host: x\r\nA: " + filling + "\r\n");
  std::string_view rest = text;

  ASSERT_EQ(text.size(), RequestHeadParser::kMaxBytes);
  EXPECT_EQ(parser.parse(rest), HeadProgress::Complete);
  EXPECT_EQ(rest, "");
}

}  // namespace
}  // namespace postern::http
