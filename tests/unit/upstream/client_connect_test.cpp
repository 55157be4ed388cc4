#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "unit/upstream/client_fixture.h"

namespace postern::upstream {
namespace {

using ClientConnectTest = ClientTest;

TEST_F(ClientConnectTest, ReachesLocalhostOnEitherFamily) {
  for (const char* const address : {"127.0.0.1", "::1"}) {
    SCOPED_TRACE(address);
    options.address = address;
    start(always(answer("up 1\n")), "localhost");

    expectPage(send(request()), "up 1\n");
  }
}

TEST_F(ClientConnectTest, RefusesAServerOfAnotherName) {
  options.identity = makeServer(authority, {"web.internal"});
  const std::vector<std::pair<std::string, std::string>> ways = {
      {"127.0.0.1", "127.0.0.1"}, {"::1", "::1"}, {"127.0.0.1", "localhost"}};
  for (const auto& [address, host] : ways) {
    SCOPED_TRACE(host);
    options.address = address;
    start(always(answer("up 1\n")), host);

    expectFault(send(request()), Fault::Tls, "web.internal");

    EXPECT_TRUE(server->requests().empty());
  }
}

TEST_F(ClientConnectTest, ShowsItsCertificateToAServerThatAsks) {
  options.client_authority = std::make_shared<Identity>(authority);
  const auto identity = makeClient(authority);
  tls_config.cert_file = folder.write("tls.crt", identity.certificate());
  tls_config.key_file = folder.write("tls.key", identity.key());
  start(always(answer("up 1\n")));

  expectPage(send(request()), "up 1\n");
}

TEST_F(ClientConnectTest, SaysThatTheServerWantsACertificate) {
  options.client_authority = std::make_shared<Identity>(authority);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    options.max_version = version;
    start(always(answer("up 1\n")));

    expectFault(send(request()), Fault::Tls, "certificate");
  }
}

TEST_F(ClientConnectTest, SaysWhoRefusedTheConnection) {
  const auto closed = std::make_unique<Listener>()->port();
  const std::string port = ":" + std::to_string(closed);
  aim("localhost", closed);

  const auto outcome = send(request());

  expectFault(outcome, Fault::Connect, "cannot connect to localhost" + port);
  expectFault(outcome, Fault::Connect, "127.0.0.1" + port + ": Connection refused");
  expectFault(outcome, Fault::Connect, "[::1]" + port);
  expectFault(outcome, Fault::Connect, "is the service listening");
}

TEST_F(ClientConnectTest, ReportsTheMaterialThatIsMissing) {
  tls_config.ca_file = folder.path() / "absent.crt";
  start(always(answer("up 1\n")));

  expectFault(send(request()), Fault::Tls, "absent.crt");

  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(ClientConnectTest, KnowsTheServersCertificate) {
  start(always(answer("up 1\n")));
  EXPECT_FALSE(client->serverCertificate());

  expectPage(send(request()), "up 1\n");

  ASSERT_TRUE(client->serverCertificate());
  EXPECT_LT(client->serverCertificate()->validity.not_before, clock.system());
  EXPECT_GT(client->serverCertificate()->validity.not_after, clock.system());
}

TEST_F(ClientConnectTest, LeavesAServerThatDoesNotTakeTheConnection) {
  const Listener full("127.0.0.1", 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(full.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<Descriptor> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    static_cast<void>(
        connect(waiting.back().number(), reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  }
  aim("127.0.0.1", full.port());

  expectFault(send(request(), deadlineIn(100ms)), Fault::Timeout, "while connecting");
}

TEST_F(ClientConnectTest, LeavesAServerThatIsSilentInTheHandshake) {
  const Listener silent;
  aim("127.0.0.1", silent.port());

  expectFault(send(request(), deadlineIn(100ms)), Fault::Timeout, "in the TLS handshake");
}

TEST_F(ClientConnectTest, LeavesAServerThatDoesNotAnswer) {
  start([](Peer& peer) {
    peer.readRequest();
    peer.send(answer("up 1\n"));
    while (!peer.readRequest().empty()) continue;
  });
  expectPage(send(request()), "up 1\n");

  expectFault(send(request(), deadlineIn(100ms)), Fault::Timeout, "while waiting for the answer");

  EXPECT_EQ(client->connections(), 0U);
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ClientConnectTest, LeavesAServerThatStopsInTheBody) {
  start(always("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nup 1\n"));

  const auto outcome = send(request(), deadlineIn(1s));

  expectFault(outcome, Fault::Timeout, "while reading the body");
  EXPECT_EQ(outcome.body, "up 1\n");
}

TEST_F(ClientConnectTest, LeavesAServerThatNeverStops) {
  start([](Peer& peer) {
    peer.readRequest();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (peer.send("1\r\nx\r\n")) continue;
  });

  expectFault(send(request(), deadlineIn(1s)), Fault::Timeout, "while reading the body");
}

TEST_F(ClientConnectTest, DoesNotWaitForALongErrorPage) {
  start(always("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nsorry"));

  const auto outcome = send(request(), deadlineIn(60s));

  ASSERT_TRUE(outcome.response);
  EXPECT_EQ(outcome.response->status, 503);
  EXPECT_EQ(client->connections(), 0U);
}

}  // namespace
}  // namespace postern::upstream
