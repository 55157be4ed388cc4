#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/group.h"
#include "unit/upstream/client_fixture.h"
#include "unit/upstream/gzip.h"

namespace postern::upstream {
namespace {

constexpr std::string_view kPage = "up 1\n";

class ClientReuseTest : public ClientTest {
 protected:
  async::Task<> scrape(int times, async::Scope& scope) {
    const auto page = request();
    for (int i = 0; i < times; ++i) {
      const auto outcome = co_await exchange(page, scope);
      expectPage(outcome, kPage);
    }
  }
  // Whether the exchange ends at once after its first block.
  async::Task<std::optional<bool>> endsAfterItsFirstBlock(const Request& page,
                                                          async::Scope& scope) {
    auto started = co_await client->send(page, scope);
    if (!started) co_return std::nullopt;
    const auto block = co_await (*started)->read(scope);
    if (!block || *block != kPage) co_return std::nullopt;
    const bool ended = (*started)->endIfWhole();
    const auto rest = co_await (*started)->read(scope);
    if (!rest || !rest->empty()) co_return std::nullopt;
    co_return ended && (*started)->endIfWhole();
  }
  static async::Task<bool> joined(async::Group& tasks, async::Scope& scope) {
    co_return co_await tasks.join(scope);
  }
};

// Keeps the first connection open and cuts it at its second request; cuts every other connection at
// once.
void answersOnceAlone(Peer& peer) {
  peer.readRequest();
  if (peer.number() == 0) {
    peer.send(answer(kPage));
    peer.readRequest();
  }
  peer.cut();
}

TEST_F(ClientReuseTest, KeepsTheConnectionForTheNextRequest) {
  start(always(answer(kPage)));

  for (int i = 0; i < 3; ++i) expectPage(send(request()), kPage);

  EXPECT_EQ(server->connections(), 1U);
  EXPECT_EQ(server->requests().size(), 3U);
  EXPECT_EQ(client->connections(), 1U);
}

TEST_F(ClientReuseTest, EndsAnExchangeAtOnceWhenItsLengthShowsThatItIsWhole) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup 1\n\r\n0\r\n\r\n";
  struct Case {
    const char* what;
    std::string answer;
    bool ends;
  };
  const std::vector<Case> cases = {
      {"a length", answer(kPage), true},
      {"the last answer of the connection", answer(kPage, "Connection: close\r\n"), true},
      {"chunks", chunked, false},
      {"gzip", answer(postern::testing::gzip(kPage), "Content-Encoding: gzip\r\n"), false},
  };
  for (const auto& [what, bytes, ends] : cases) {
    SCOPED_TRACE(what);
    start(always(bytes));
    const auto page = request();
    async::Scope scope(loop, deadlineIn(30s));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(loop.run(endsAfterItsFirstBlock(page, scope)), ends);
    EXPECT_EQ(server->requests().size(), 2U);
    client.reset();
  }
}

TEST_F(ClientReuseTest, ReplacesAConnectionThatIsCutUnderTheNextRequest) {
  start([](Peer& peer) {
    peer.readRequest();
    peer.send(answer(kPage));
    if (!peer.readRequest().empty()) peer.cut();
  });

  expectPage(send(request()), kPage);
  expectPage(send(request()), kPage);

  EXPECT_EQ(server->connections(), 2U);
  EXPECT_EQ(server->requests().size(), 3U);
}

TEST_F(ClientReuseTest, ReplacesAConnectionThatIsResetUnderTheNextRequest) {
  start([](Peer& peer) {
    peer.readRequest();
    peer.send(answer(kPage));
    if (peer.number() == 0 && !peer.readRequest().empty()) peer.reset();
  });

  expectPage(send(request()), kPage);
  expectPage(send(request()), kPage);

  EXPECT_EQ(server->connections(), 2U);
}

TEST_F(ClientReuseTest, ReplacesAStaleConnectionOnlyOnce) {
  start(answersOnceAlone);

  expectPage(send(request()), kPage);
  expectFault(send(request()), Fault::Connect, "before an answer");

  EXPECT_EQ(server->connections(), 2U);
  EXPECT_EQ(server->requests().size(), 3U);
}

TEST_F(ClientReuseTest, DropsAConnectionThatTheServerClosedWhileItWasIdle) {
  start(onceAndCut(answer(kPage)));

  for (int i = 0; i < 3; ++i) expectPage(send(request()), kPage);

  EXPECT_EQ(server->connections(), 3U);
}

TEST_F(ClientReuseTest, NeverSendsALoginTwice) {
  start([](Peer& peer) {
    if (peer.number() == 0) return always(answer(kPage))(peer);
    peer.readRequest();
    peer.cut();
  });
  expectPage(send(request()), kPage);
  auto login = request("/login");
  login.method = "POST";
  login.once = true;

  expectFault(send(login), Fault::Connect, "before an answer");

  EXPECT_EQ(server->connections(), 2U);
  EXPECT_EQ(server->requests().size(), 2U);
}

TEST_F(ClientReuseTest, GivesWhatCannotBeRepeatedAFreshConnection) {
  start(always(answer(kPage)));
  auto logout = request("/logout");
  logout.method = "POST";

  expectPage(send(request()), kPage);
  expectPage(send(logout), kPage);
  expectPage(send(request()), kPage);

  EXPECT_EQ(server->connections(), 2U);
  EXPECT_EQ(client->connections(), 2U);
}

TEST_F(ClientReuseTest, ClosesTheConnectionWhenTheServerSaysSo) {
  start(always(answer(kPage, "Connection: close\r\n")));

  for (int i = 0; i < 3; ++i) expectPage(send(request()), kPage);

  EXPECT_EQ(server->connections(), 3U);
  EXPECT_EQ(client->connections(), 0U);
}

TEST_F(ClientReuseTest, ResumesTheSessionOnANewConnection) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    options.max_version = version;
    options.client_authority = std::make_shared<Identity>(authority);
    const auto identity = makeClient(authority);
    tls_config.cert_file = folder.write("tls.crt", identity.certificate());
    tls_config.key_file = folder.write("tls.key", identity.key());
    start(always(answer(kPage, "Connection: close\r\n")));

    for (int i = 0; i < 4; ++i) expectPage(send(request()), kPage);

    EXPECT_EQ(server->connections(), 4U);
    EXPECT_EQ(server->resumed(), 3U);
  }
}

TEST_F(ClientReuseTest, ReportsWhetherTheConnectionWasKeptAndWhatItSpeaks) {
  start(always(answer(kPage)));
  std::optional<TransportInfo> transport;
  auto page = request();
  page.transport = &transport;
  const auto expectTransport = [&](bool kept) {
    ASSERT_TRUE(transport);
    EXPECT_EQ(transport->kept, kept);
    EXPECT_EQ(tls::describe(transport->negotiated), "TLS 1.3, TLS_AES_256_GCM_SHA384");
    EXPECT_FALSE(transport->negotiated.resumed);
    transport.reset();
  };

  expectPage(send(page), kPage);
  expectTransport(false);
  expectPage(send(page), kPage);
  expectTransport(true);
}

TEST_F(ClientReuseTest, ReportsThatANewConnectionResumedASession) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    options.max_version = version;
    start(always(answer(kPage, "Connection: close\r\n")));
    std::optional<TransportInfo> transport;
    auto page = request();
    page.transport = &transport;

    for (const bool resumed : {false, true, true}) {
      expectPage(send(page), kPage);
      ASSERT_TRUE(transport);
      EXPECT_FALSE(transport->kept);
      EXPECT_EQ(transport->negotiated.version, version == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2");
      EXPECT_EQ(transport->negotiated.resumed, resumed);
    }
  }
}

TEST_F(ClientReuseTest, ResumesNoSessionWhereRevocationIsChecked) {
  tls_config.crl_file = folder.write("crl.pem", authority.crl({}));
  start(always(answer(kPage, "Connection: close\r\n")));

  for (int i = 0; i < 2; ++i) expectPage(send(request()), kPage);

  EXPECT_EQ(server->connections(), 2U);
  EXPECT_EQ(server->resumed(), 0U);
}

TEST_F(ClientReuseTest, ReportsTheLastConnectionOfARequestThatFailed) {
  start(answersOnceAlone);
  std::optional<TransportInfo> transport;
  auto page = request();
  page.transport = &transport;
  expectPage(send(page), kPage);

  expectFault(send(page), Fault::Connect, "before an answer");
  ASSERT_TRUE(transport);
  EXPECT_FALSE(transport->kept) << "the persistent connection was closed";

  server.reset();
  expectFault(send(page), Fault::Connect, "cannot connect");
  EXPECT_FALSE(transport) << "nothing was sent";
}

TEST_F(ClientReuseTest, DrainsConnectionsOfEarlierMaterial) {
  start(always(answer(kPage)));
  expectPage(send(request()), kPage);
  folder.write("ca.crt", authority.certificate() + makeAuthority("Next CA").certificate());
  store->poll();
  ASSERT_EQ(store->status().reloads, 1U);

  expectPage(send(request()), kPage);

  EXPECT_EQ(server->connections(), 2U);
  EXPECT_EQ(server->resumed(), 0U);
  EXPECT_EQ(client->connections(), 1U);
}

TEST_F(ClientReuseTest, DoesNotKeepAConnectionWhoseMaterialChangedMeanwhile) {
  start(always(answer(kPage)));
  async::Scope scope(loop, deadlineIn(30s));
  const auto page = request();
  auto started = loop.run(client->send(page, scope));
  ASSERT_TRUE(started);

  folder.write("ca.crt", authority.certificate() + makeAuthority("Next CA").certificate());
  store->poll();

  EXPECT_EQ(*loop.run((*started)->read(scope)), kPage);
  EXPECT_EQ(*loop.run((*started)->read(scope)), "");
  EXPECT_EQ(client->connections(), 0U);
}

TEST_F(ClientReuseTest, KeepsTheConnectionBehindAShortErrorPage) {
  const auto connections = [this](const std::string& bytes) {
    start(always(bytes));
    for (int i = 0; i < 2; ++i) {
      const auto outcome = send(request());
      ASSERT_TRUE(outcome.response);
      EXPECT_EQ(outcome.response->status, 500);
      EXPECT_THAT(outcome.heads, ::testing::ElementsAre(500));
      EXPECT_EQ(outcome.body, "");
    }
  };
  const std::string head = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: ";

  connections(head + "5\r\n\r\nsorry");
  EXPECT_EQ(server->connections(), 1U);
  connections(head + "70000\r\n\r\n" + std::string(70000, 'x'));
  EXPECT_EQ(server->connections(), 2U);
}

TEST_F(ClientReuseTest, ClosesTheConnectionOfAnAnswerThatIsNotReadToItsEnd) {
  start(always(answer(kPage)));
  async::Scope scope(loop, deadlineIn(30s));
  const auto page = request();
  for (const bool reads : {false, true}) {
    SCOPED_TRACE(reads);
    auto started = loop.run(client->send(page, scope));
    ASSERT_TRUE(started);
    if (reads) {
      EXPECT_EQ(*loop.run((*started)->read(scope)), kPage);
    }
    EXPECT_EQ(client->connections(), 1U);

    started->reset();

    EXPECT_EQ(client->connections(), 0U);
  }
}

TEST_F(ClientReuseTest, ServesSeveralTasks) {
  start(always(answer(kPage)));
  async::Scope scope(loop, deadlineIn(30s));
  async::Group scrapers;
  for (int i = 0; i < 4; ++i) scrapers.add(scrape(20, scope));

  EXPECT_TRUE(loop.run(joined(scrapers, scope)));

  EXPECT_EQ(server->requests().size(), 80U);
  EXPECT_LE(server->connections(), 4U);
  EXPECT_EQ(client->connections(), server->connections());
}

}  // namespace
}  // namespace postern::upstream
