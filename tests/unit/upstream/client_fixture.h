#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/poller.h"
#include "async/thread_pool.h"
#include "base/clock.h"
#include "fakes/certificates.h"
#include "fakes/tls_server.h"
#include "tls/material_store.h"
#include "upstream/client.h"
#include "upstream/resolver.h"

namespace postern::upstream {

using postern::testing::Identity;
using postern::testing::Listener;
using postern::testing::makeAuthority;
using postern::testing::makeClient;
using postern::testing::makeServer;
using postern::testing::Peer;
using postern::testing::TemporaryFolder;
using postern::testing::TlsServer;
using ::testing::HasSubstr;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

inline std::string answer(std::string_view body, std::string_view fields = "") {
  return "HTTP/1.1 200 OK\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// A client whose service is a TlsServer with the test's script.
class ClientTest : public ::testing::Test {
 protected:
  struct Outcome {
    Result<Response> response;
    std::vector<int> heads;  // the status, once the head has arrived
    std::string body;
  };

  void start(TlsServer::Script script, const std::string& host = "127.0.0.1") {
    server = std::make_unique<TlsServer>(options, std::move(script));
    aim(host, server->port());
  }

  // The client sends requests to `host` and `port`, with the tls_config of this fixture.
  void aim(const std::string& host, std::uint16_t port) {
    config::Url url;
    url.host = host;
    url.port = port;
    store.emplace(tls_config, "default", clock);
    client.emplace(url, *store, resolver, loop, *runner);
  }

  Outcome send(const Request& request, SteadyTime deadline = deadlineIn(30s)) {
    async::Scope scope(loop, deadline);
    return loop.run(exchange(request, scope));
  }

  // The request with its whole response. `request` must outlive the task.
  async::Task<Outcome> exchange(const Request& request, async::Scope& scope) {
    Outcome outcome{Error{Fault::Busy, "", {}, {}}, {}, ""};
    auto started = co_await client->send(request, scope);
    if (!started) {
      outcome.response = std::move(started).error();
      co_return outcome;
    }
    HttpExchange& answer = **started;
    outcome.heads.push_back(answer.response().status);
    for (;;) {
      const auto block = co_await answer.read(scope);
      if (!block) {
        outcome.response = block.error();
        co_return outcome;
      }
      if (block->empty()) break;
      outcome.body += *block;
    }
    outcome.response = answer.response();
    co_return outcome;
  }

  static Request request(const std::string& path = "/metrics") {
    Request made;
    made.path = path;
    return made;
  }

  static void expectFault(const Outcome& outcome, Fault fault, std::string_view error_text) {
    ASSERT_FALSE(outcome.response);
    EXPECT_EQ(faultName(outcome.response.error().fault), faultName(fault));
    EXPECT_THAT(outcome.response.error().what, HasSubstr(error_text));
  }

  static void expectPage(const Outcome& outcome, std::string_view body) {
    ASSERT_TRUE(outcome.response) << outcome.response.error().what;
    EXPECT_EQ(outcome.response->status, 200);
    EXPECT_EQ(outcome.body, body);
  }

  const RealClock clock;
  const Identity authority = makeAuthority();
  // The server's certificate and handshake options. Set before start().
  TlsServer::Options options{makeServer(authority, {"localhost", "127.0.0.1", "::1"}), "127.0.0.1",
                             nullptr, TLS1_3_VERSION};
  TemporaryFolder folder;
  config::Tls tls_config = [this] {
    config::Tls made;
    made.ca_file = folder.write("ca.crt", authority.certificate());
    return made;
  }();
  const std::unique_ptr<async::Poller> poller = async::makePoller();
  async::Loop loop{*poller, clock};
  async::ThreadPool pool{2};
  async::JobRunner* runner = &pool;  // of the handshakes; set before start()
  Resolver resolver;
  std::unique_ptr<TlsServer> server;
  std::optional<tls::MaterialStore> store;
  std::optional<Client> client;
};

// Answers every request of the connection with the same bytes.
inline TlsServer::Script always(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    while (!peer.readRequest().empty()) peer.send(bytes);
  };
}

// Answers the first request, then cuts the connection.
inline TlsServer::Script onceAndCut(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    peer.readRequest();
    peer.send(bytes);
    peer.cut();
  };
}

}  // namespace postern::upstream
