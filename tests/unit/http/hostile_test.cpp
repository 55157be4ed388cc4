#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fakes/certificates.h"
#include "http/server.h"
#include "unit/http/client.h"
#include "unit/http/handlers.h"

// One peer must not harm the others.
namespace postern::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

std::shared_ptr<SSL_CTX> serverContext() {
  const auto authority = testing::makeAuthority();
  const auto server = testing::makeServer(authority, {"localhost"});
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), FreeSsl());
  SSL_CTX_use_certificate(context.get(), server.x509());
  SSL_CTX_use_PrivateKey(context.get(), server.privateKey());
  return context;
}

// A TLS client that verifies nothing. Reads and writes block for at most ten seconds.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port)
      : client_(port), context_(SSL_CTX_new(TLS_client_method())) {
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), client_.descriptor());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }

  bool connected() const { return connected_; }
  bool send(std::string_view text) {
    return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0;
  }
  // One record without data.
  bool sendKeyUpdate() {
    return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(ssl_.get()) == 1;
  }
  // The received bytes; empty if the server has closed the connection.
  std::string read() {
    std::string text(64U << 10, '\0');
    const int size = SSL_read(ssl_.get(), text.data(), static_cast<int>(text.size()));
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

 private:
  Client client_;
  std::unique_ptr<SSL_CTX, FreeSsl> context_;
  SslPtr ssl_;
  bool connected_ = false;
};

// Listeners as in the daemon: one with TLS for everybody and one for probes.
struct TwoServices {
  explicit TwoServices(const ServerOptions& options = {}) : server(options) {
    public_port = *server.listen("127.0.0.1:0", secured);
    plain_port = *server.listen("127.0.0.1:0", plain);
    probe_port = *server.listen("127.0.0.1:0", probes);
  }

  const std::shared_ptr<SSL_CTX> context = serverContext();
  const Service secured{always("ok!\n"), [this] { return context; }};
  const Service plain{always("ok!\n")};
  const Service probes{always("ok!\n")};
  Server server;
  std::uint16_t public_port = 0;
  std::uint16_t plain_port = 0;
  std::uint16_t probe_port = 0;
};

void expectProbesAnswered(const TwoServices& services) {
  for (int i = 0; i < 50; ++i) {
    Client probe(services.probe_port);
    probe.get("/-/healthy");
    ASSERT_THAT(probe.readAnswer(), EndsWith("ok!\n"));
  }
}

constexpr int kRequests = 500;
constexpr const char* kRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

std::string manyRequests() {
  std::string text;
  for (int i = 0; i < kRequests; ++i) text += kRequest;
  return text;
}

TEST(HostileTest, PipelinedRequestsOverTlsKeepNoProbeWaiting) {
  const TwoServices services;
  TlsClient flood(services.public_port);
  ASSERT_TRUE(flood.connected());
  std::atomic<bool> done = false;
  std::jthread flooding([&] {
    const auto requests = manyRequests();
    while (!done && flood.send(requests)) {
      for (std::ptrdiff_t answers = 0; answers < kRequests;) {
        const auto text = flood.read();
        if (text.empty()) return;
        answers += std::ranges::count(text, '!');
      }
    }
  });
  expectProbesAnswered(services);
  done = true;
}

TEST(HostileTest, PipelinedRequestsWithoutTlsKeepNoProbeWaiting) {
  const TwoServices services;
  const Client flood(services.plain_port);
  std::atomic<bool> done = false;
  std::jthread draining([&] {
    std::array<char, 65536> block;
    while (::recv(flood.descriptor(), block.data(), block.size(), 0) > 0) {
    }
  });
  std::jthread flooding([&] {
    const auto requests = manyRequests();
    while (!done) flood.send(requests);
    ::shutdown(flood.descriptor(), SHUT_RDWR);
  });
  expectProbesAnswered(services);
  done = true;
}

TEST(HostileTest, KeyUpdatesKeepNoProbeWaiting) {
  const TwoServices services;
  std::atomic<bool> done = false;
  std::jthread flooding([&] {
    while (!done) {
      TlsClient flood(services.public_port);
      while (!done && flood.connected() && flood.sendKeyUpdate()) {
      }
    }
  });
  expectProbesAnswered(services);
  done = true;
}

struct RecordsCase {
  int key_updates;
  bool answered;
};

TEST(HostileTest, SixteenRecordsWithoutDataAreTheMost) {
  const TwoServices services;
  for (const auto& [key_updates, answered] :
       {RecordsCase{1, true}, RecordsCase{16, true}, RecordsCase{17, false}}) {
    TlsClient client(services.public_port);
    ASSERT_TRUE(client.connected());
    for (int i = 0; i < key_updates; ++i) client.sendKeyUpdate();
    client.send(kRequest);
    const auto answer = client.read();
    EXPECT_EQ(answer.empty(), !answered) << key_updates << ": " << answer;
  }
}

TEST(HostileTest, DataBetweenRecordsStartsTheCountFromScratch) {
  const TwoServices services;
  TlsClient client(services.public_port);
  ASSERT_TRUE(client.connected());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 16; ++i) client.sendKeyUpdate();
    client.send(kRequest);
    EXPECT_THAT(client.read(), HasSubstr("ok!\n"));
  }
}

TEST(HostileTest, AFullListenerClosesTheConnectionThatWasIdleLongest) {
  ServerOptions options;
  options.max_connections = 3;
  const TwoServices services(options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(services.plain_port));
    clients.back()->get("/");
    EXPECT_THAT(clients.back()->readAnswer(), EndsWith("ok!\n")) << i;
  }
  EXPECT_THAT(clients[0]->readToEnd(), "");
  for (int i = 1; i < 4; ++i) {
    clients[static_cast<std::size_t>(i)]->get("/");
    EXPECT_THAT(clients[static_cast<std::size_t>(i)]->readAnswer(), EndsWith("ok!\n")) << i;
  }
}

TEST(HostileTest, AFullListenerClosesTheSlowestRequestWhenNoneIsIdle) {
  ServerOptions options;
  options.max_connections = 3;
  const TwoServices services(options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(services.plain_port));
    clients.back()->send("GET / HTTP/1.1\r\nHo");
  }
  Client last(services.plain_port);
  last.get("/");
  EXPECT_THAT(last.readAnswer(), EndsWith("ok!\n"));
  // The order in which their first bytes arrived decides which of the three.
  while (services.server.counts().connections > 3) std::this_thread::yield();
}

// For each fill level of its socket when the server waits for it.
TEST(HostileTest, AClientThatReadsNoAnswerHasItsTimeLimit) {
  ServerOptions options;
  options.header_timeout = options.idle_timeout = options.write_timeout =
      std::chrono::milliseconds(200);
  const TwoServices services(options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int requests = 8; requests < 4000; requests = requests * 5 / 4) {
    clients.push_back(std::make_unique<Client>(services.plain_port, Client::Family::V4, 4096));
    std::string text;
    for (int i = 0; i < requests; ++i) text += kRequest;
    ::send(clients.back()->descriptor(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  while (services.server.counts().accepted < clients.size()) std::this_thread::yield();
  while (services.server.counts().connections > 0) std::this_thread::yield();
}

struct SlowReaderCase {
  const char* what;
  std::size_t blocks;  // of 64 KiB
  bool streams;
};

// None of them reads its answer.
TEST(HostileTest, ReadersThatTakeNoAnswerKeepNobodyOut) {
  constexpr int kReaders = 12;
  for (const auto& [what, blocks, streams] :
       {SlowReaderCase{"fits the write buffer", 16, false}, SlowReaderCase{"is larger", 96, false},
        SlowReaderCase{"a stream that fits", 24, true},
        SlowReaderCase{"a long stream", 96, true}}) {
    const std::string block(64U << 10, 'x');
    std::atomic<int> asked = 0;
    const std::vector<std::string> all(blocks, block);
    const std::string body(blocks * block.size(), 'x');
    const Service service{[&, begins = streams](const Request& request, Responder& responder) {
      if (request.path == "/small") return responder.send(replyWith("ok!\n"));
      ++asked;
      if (begins) return stream(all, responder);
      responder.waitWithoutRoom(true);
      return responder.send({}, body);
    }};
    ServerOptions options;
    options.threads = 4;
    Server server(options);
    const auto port = *server.listen("127.0.0.1:0", service);
    std::vector<std::unique_ptr<Client>> readers;
    for (int i = 0; i < kReaders; ++i) {
      readers.push_back(std::make_unique<Client>(port, Client::Family::V4, 4096));
      readers.back()->get("/large");
    }
    while (asked == 0) std::this_thread::yield();
    for (int i = 0; i < 5; ++i) {
      Client scraper(port);
      scraper.get("/small");
      EXPECT_THAT(scraper.readAnswer(), EndsWith("ok!\n")) << what << ", " << i;
    }
  }
}

// No answer is dropped at once in favor of another reader.
TEST(HostileTest, AReaderThatIsSlowForAMomentKeepsItsAnswer) {
  const std::string body(1U << 20, 'x');
  const Service service{[&](const Request&, Responder& responder) {
    responder.waitWithoutRoom(true);
    return responder.send({}, body);
  }};
  Server server({});
  const auto port = *server.listen("127.0.0.1:0", service);
  std::vector<std::unique_ptr<Client>> readers;
  for (int i = 0; i < 12; ++i) {
    readers.push_back(std::make_unique<Client>(port, Client::Family::V4, 4096));
    readers.back()->get("/");
  }
  for (auto& reader : readers)
    EXPECT_THAT(reader->readAnswer(), SizeIs(::testing::Gt(body.size())));
}

TEST(HostileTest, AHandlerSeesThatItsClientHasGone) {
  std::atomic<bool> asked = false, gone_at_first = true, gone = false;
  const Service service{blocking([&](const Request&, const ClientGone& clientGone) {
    gone_at_first = clientGone();
    asked = true;
    while (!clientGone()) std::this_thread::yield();
    gone = true;
    return Reply();
  })};
  Server server({});
  const auto port = *server.listen("127.0.0.1:0", service);
  {
    Client client(port);
    client.get("/");
    while (!asked) std::this_thread::yield();
  }
  while (!gone) std::this_thread::yield();
  EXPECT_FALSE(gone_at_first);
}

TEST(HostileTest, EachListenerHasItsOwnRoom) {
  ServerOptions options;
  options.max_connections = 3;
  const TwoServices services(options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(services.plain_port));
    clients.back()->send("GET");
  }
  std::vector<std::unique_ptr<Client>> probes;
  for (int i = 0; i < 3; ++i) {
    probes.push_back(std::make_unique<Client>(services.probe_port));
    probes.back()->get("/-/healthy");
    EXPECT_THAT(probes.back()->readAnswer(), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
}

}  // namespace
}  // namespace postern::http
