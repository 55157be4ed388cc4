#include "web/scrape_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fakes/certificates.h"
#include "fakes/tls_server.h"
#include "unit/web/live_loop.h"

namespace postern::web {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kPage = "up 1\n";

std::string answer(std::string_view fields) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n" +
         std::string(fields) + "\r\n" + std::string(kPage);
}

// One target without a login, whose service answers every request with the same bytes.
class ScrapeTraceTest : public ::testing::Test {
 protected:
  void start(const std::string& bytes, std::chrono::milliseconds min_interval = 0ms) {
    server = std::make_unique<testing::TlsServer>(options, [bytes](testing::Peer& peer) {
      while (!peer.readRequest().empty()) peer.send(bytes);
    });
    config::Target config;
    config.name = "default";
    config.url = {"127.0.0.1", server->port(), ""};
    config.tls.ca_file = folder.write("ca.crt", authority.certificate());
    config.pages = {config::Page{"/metrics", config::Format::Text, {}, true, 0ms, min_interval}};
    target = live.makeTarget(config);
  }
  std::string traceText() {
    const auto reply = live.thread.run(trace(live.thread.loop(), *target));
    EXPECT_EQ(reply.head.status, 200);
    return reply.body;
  }
  static async::Task<http::Reply> trace(async::Loop& loop, scrape::Target& target) {
    async::Scope connection(loop);
    const http::Request request{"GET", "/metrics", "debug=true", {}};
    const auto offset = 500ms;
    co_return co_await traceReply(target, request, offset, connection);
  }

  const testing::Identity authority = testing::makeAuthority();
  testing::TlsServer::Options options{testing::makeServer(authority, {"127.0.0.1"}), "127.0.0.1",
                                      nullptr, TLS1_3_VERSION};
  testing::TemporaryFolder folder;
  std::unique_ptr<testing::TlsServer> server;
  LiveLoop live;
  std::shared_ptr<scrape::Target> target;
};

TEST_F(ScrapeTraceTest, IsAskedForByName) {
  for (const char* query : {"debug=true", "a=b&debug=true", "debug=true&a=b"})
    EXPECT_TRUE(asksForDebug(query)) << query;
  for (const char* query : {"", "debug", "debug=1", "xdebug=true", "debug=true1", "a=debug=true"})
    EXPECT_FALSE(asksForDebug(query)) << query;
}

TEST_F(ScrapeTraceTest, SaysWhetherTheConnectionWasKeptAndWhatItSpeaks) {
  start(answer(""));

  EXPECT_THAT(traceText(),
              AllOf(HasSubstr("page          /metrics: 200, text/plain, 1 samples read"),
                    HasSubstr("\n              on a new connection: "
                              "TLS 1.3, TLS_AES_256_GCM_SHA384\n")));
  EXPECT_THAT(traceText(), HasSubstr("\n              on a reused connection: "
                                     "TLS 1.3, TLS_AES_256_GCM_SHA384\n"));
}

TEST_F(ScrapeTraceTest, SaysThatASessionWasResumed) {
  options.max_version = TLS1_2_VERSION;
  start(answer("Connection: close\r\n"));

  EXPECT_THAT(traceText(),
              HasSubstr("on a new connection: TLS 1.2, ECDHE-ECDSA-AES256-GCM-SHA384\n"));
  EXPECT_THAT(traceText(), HasSubstr("on a new connection: TLS 1.2, ECDHE-ECDSA-AES256-GCM-SHA384; "
                                     "it resumed an earlier session\n"));
}

TEST_F(ScrapeTraceTest, HasTheConnectionOfAPageThatFailed) {
  start("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");

  EXPECT_THAT(traceText(),
              AllOf(HasSubstr("answered 500"),
                    HasSubstr("on a new connection: TLS 1.3, TLS_AES_256_GCM_SHA384\n")));

  server.reset();
  EXPECT_THAT(traceText(), AllOf(HasSubstr("cannot connect"), Not(HasSubstr(" connection: TLS"))));
}

TEST_F(ScrapeTraceTest, HasNoConnectionOfAPageThatWasNotFetched) {
  start(answer(""), 1h);

  EXPECT_THAT(traceText(), HasSubstr("on a new connection: TLS 1.3"));
  EXPECT_THAT(traceText(), AllOf(HasSubstr("not fetched, the last successful one is recent enough"),
                                 Not(HasSubstr(" connection: TLS"))));
}

}  // namespace
}  // namespace postern::web
