#include "unit/upstream/client_fixture.h"
#include "unit/upstream/gzip.h"

namespace postern::upstream {
namespace {

using postern::testing::gzip;
using ClientAnswerTest = ClientTest;

std::string chunked(std::string_view body, std::size_t size) {
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  char length[20];
  while (!body.empty()) {
    const auto chunk = body.substr(0, size);
    bytes.append(length, static_cast<std::size_t>(
                             std::snprintf(length, sizeof(length), "%zx\r\n", chunk.size())));
    bytes.append(chunk).append("\r\n");
    body.remove_prefix(chunk.size());
  }
  return bytes + "0\r\n\r\n";
}

std::string longPage() {
  std::string page;
  for (int i = 0; i < 40'000; ++i) page += "requests_total " + std::to_string(i * i) + "\n";
  return page;
}

TEST_F(ClientAnswerTest, HandsOnEveryKindOfBody) {
  const std::string page = longPage();
  const auto reads = [&](const std::string& bytes) {
    start(onceAndCut(bytes));
    expectPage(send(request()), page);
  };

  reads(answer(page));
  reads(chunked(page, 7));
  reads(chunked(page, 100'000));
  reads(answer(gzip(page), "Content-Encoding: gzip\r\n"));
  reads(answer(page, "Content-Encoding: identity\r\n"));
}

TEST_F(ClientAnswerTest, TakesABodyUntilTheCloseOnlyWithCloseNotify) {
  const std::string bytes = "HTTP/1.1 200 OK\r\n\r\nup 1\n";

  start([&bytes](Peer& peer) {
    peer.readRequest();
    peer.send(bytes);
  });
  expectPage(send(request()), "up 1\n");

  start(onceAndCut(bytes));
  expectFault(send(request()), Fault::Truncated, "close_notify");
}

TEST_F(ClientAnswerTest, NoticesABodyThatIsCut) {
  const auto breaks = [this](const std::string& bytes, std::string_view error_text) {
    start(onceAndCut(bytes));
    expectFault(send(request()), Fault::Truncated, error_text);
    EXPECT_EQ(client->connections(), 0U);
  };
  const std::string packed = gzip(longPage());

  breaks("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nup 1\n", "after 5 of 9 bytes");
  breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup 1\n\r\n", "last chunk");
  breaks("HTTP/1.1 200 OK\r\nContent-", "in the head");
  breaks(answer(packed.substr(0, packed.size() - 9), "Content-Encoding: gzip\r\n"), "gzip");
}

TEST_F(ClientAnswerTest, BoundsTheUnpackedBody) {
  const auto breaks = [this](const std::string& bytes) {
    start(onceAndCut(bytes));
    auto bounded = request();
    bounded.body_limit = 1U << 20;
    const auto outcome = send(bounded);
    expectFault(outcome, Fault::Limit, "body_size_limit of 1048576 bytes");
    EXPECT_LE(outcome.body.size(), 1U << 20);
  };
  const std::string page((1U << 20) + 1, 'x');

  breaks(answer(page));
  breaks(chunked(page, 5000));
  breaks(answer(gzip(std::string(50U << 20, 'x')), "Content-Encoding: gzip\r\n"));

  start(onceAndCut(answer(page)));
  auto bounded = request();
  bounded.body_limit = page.size();
  expectPage(send(bounded), page);
}

TEST_F(ClientAnswerTest, RefusesWhatItCannotRead) {
  const auto refuses = [this](const std::string& bytes, std::string_view error_text) {
    start(onceAndCut(bytes));
    expectFault(send(request()), Fault::Format, error_text);
  };

  refuses(answer("x", "Content-Encoding: br\r\n"), "Content-Encoding");
  refuses(answer("x", "Content-Encoding: gzip, gzip\r\n"), "Content-Encoding");
  refuses(answer("plain text despite the head", "Content-Encoding: gzip\r\n"), "gzip");
  refuses("SSH-2.0-OpenSSH_9.2\r\n", "not HTTP");
}

TEST_F(ClientAnswerTest, NamesTheServiceInEachError) {
  start(onceAndCut("nonsense\r\n"));

  expectFault(send(request()), Fault::Format, "127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(ClientAnswerTest, DeliversAnErrorPageToWhoAsksForIt) {
  start(onceAndCut("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}"));
  auto login = request();
  login.any_status_body = true;

  const auto outcome = send(login);

  ASSERT_TRUE(outcome.response);
  EXPECT_EQ(outcome.response->status, 401);
  EXPECT_EQ(outcome.body, "{}");
}

TEST_F(ClientAnswerTest, ReadsNoBodyBehindAHead) {
  start(always("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
  auto head = request();
  head.method = "HEAD";

  for (int i = 0; i < 2; ++i) expectPage(send(head), "");

  EXPECT_EQ(server->connections(), 1U);
}

// The server answers each path but /end with a redirect.
TlsServer::Script redirects(std::string location) {
  return [location = std::move(location)](Peer& peer) {
    for (;;) {
      const std::string got = peer.readRequest();
      if (got.empty()) return;
      peer.send(got.starts_with("GET /end ") ? answer("up 1\n")
                                             : "HTTP/1.1 302 Found\r\nLocation: " + location +
                                                   "\r\nContent-Length: 5\r\n\r\nthere");
    }
  };
}

TEST_F(ClientAnswerTest, FollowsARedirectWithinTheService) {
  start(redirects("/end"));
  auto following = request();
  following.follow_redirects = true;
  following.secret_header = "Authorization";
  following.secret_value = Secret("Bearer t0ken");

  const auto outcome = send(following);

  expectPage(outcome, "up 1\n");
  EXPECT_THAT(outcome.heads, ::testing::ElementsAre(200));
  EXPECT_EQ(server->connections(), 1U);
  EXPECT_THAT(server->requests().back(), HasSubstr("Bearer t0ken"));
}

TEST_F(ClientAnswerTest, ReturnsTheRedirectThatItDoesNotFollow) {
  const auto returns = [this](const std::string& location, const Request& sent,
                              std::size_t requests) {
    SCOPED_TRACE(location);
    start(redirects(location));
    const auto outcome = send(sent);
    ASSERT_TRUE(outcome.response) << outcome.response.error().what;
    EXPECT_EQ(outcome.response->status, 302);
    EXPECT_THAT(outcome.heads, ::testing::ElementsAre(302));
    EXPECT_EQ(outcome.body, "");
    EXPECT_EQ(server->requests().size(), requests);
  };
  auto following = request();
  following.follow_redirects = true;
  auto login = following;
  login.method = "POST";
  login.once = true;

  returns("https://127.0.0.1:1/end", following, 1);
  returns("https://evil.example/end", following, 1);
  returns("http://127.0.0.1/end", following, 1);
  returns("/metrics", following, 6);
  returns("/end", request(), 1);
  returns("/end", login, 1);
}

}  // namespace
}  // namespace postern::upstream
