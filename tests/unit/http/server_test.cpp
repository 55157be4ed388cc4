#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "unit/http/client.h"
#include "unit/http/handlers.h"

namespace postern::http {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kPatience = milliseconds(60'000);

// Timeouts that no test waits for; each test sets its own.
ServerOptions patient() {
  return {.threads = 64,
          .header_timeout = kPatience,
          .idle_timeout = kPatience,
          .write_timeout = kPatience};
}

const Service kPaths{answerWithPath};

// A server on a free port of 127.0.0.1.
struct Running {
  explicit Running(AsyncHandler handler = answerWithPath, ServerOptions options = patient())
      : service{std::move(handler)},
        server(options),
        port(*server.listen("127.0.0.1:0", service)) {}
  const Service service;
  Server server;
  std::uint16_t port;
};

TEST(ServerTest, TakesConnectionsThatHaveWaitedForIt) {
  const auto listening = Listening::open("127.0.0.1:0");
  ASSERT_TRUE(listening);
  Client early(listening->port());
  ASSERT_TRUE(early.connected());
  early.get("/early", "Connection: close\r\n");
  Server server(patient());
  server.listen(*listening, kPaths);
  EXPECT_THAT(early.readToEnd(), EndsWith("GET /early\n"));
}

TEST(ServerTest, LeavesConnectionsToTheNextServer) {
  const auto listening = Listening::open("127.0.0.1:0");
  ASSERT_TRUE(listening);
  Server first(patient());
  first.listen(*listening, kPaths);
  Client before(listening->port());
  before.get("/before");
  EXPECT_THAT(before.readAnswer(), EndsWith("GET /before\n"));
  first.stopAccepting();
  Client after(listening->port());
  ASSERT_TRUE(after.connected());
  after.get("/after", "Connection: close\r\n");
  before.get("/still");
  EXPECT_THAT(before.readAnswer(), EndsWith("GET /still\n")) << "open connections are still served";
  const Service others{always("other\n")};
  Server second(patient());
  second.listen(*listening, others);
  EXPECT_THAT(after.readToEnd(), EndsWith("other\n"));
}

// A blocking handler that reports its entry and waits for permission to continue.
struct Gate {
  std::promise<void> entered, opened;
  std::shared_future<void> open = opened.get_future().share();

  AsyncHandler handler() {
    return blocking([this](const Request&, const ClientGone&) {
      entered.set_value();
      open.wait();
      return replyWith("late\n");
    });
  }
};

// Answers "/gate" by the gate, everything else on the loop.
AsyncHandler besides(Gate& gate) {
  return [handler = gate.handler()](const Request& request, Responder& responder) {
    return request.path == "/gate" ? handler(request, responder)
                                   : answerWithPath(request, responder);
  };
}

const std::string kBlock(64 * 1024, 'x');

// Until the client stops reading.
async::Task<> streamForever(std::promise<void>& started, std::promise<void>& ended,
                            Responder& responder) {
  responder.begin({});
  bool first = true;
  bool taken = true;
  while (taken) {
    taken = co_await responder.write(kBlock);
    if (taken && std::exchange(first, false)) started.set_value();
  }
  ended.set_value();
}

TEST(ServerTest, AnswersRequestAfterRequestOnOneConnection) {
  Running running;
  Client client(running.port);

  for (int i = 0; i < 3; ++i) {
    client.get("/metrics");
    EXPECT_THAT(client.readAnswer(),
                AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nGET /metrics\n"),
                      Not(HasSubstr("Connection"))));
  }
  EXPECT_EQ(running.server.counts().connections, 1U);
}

TEST(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  Running running;
  Client client(running.port);

  client.send(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz"
      "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

  EXPECT_THAT(client.readAnswer(), EndsWith("\r\n\r\nGET /a\n"));
  EXPECT_THAT(client.readAnswer(), EndsWith("\r\n\r\nPUT /b\n"));
  EXPECT_THAT(client.readToEnd(),
              AllOf(HasSubstr("Connection: close\r\n"), EndsWith("\r\n\r\nGET /c\n")));
}

TEST(ServerTest, TakesAHeadThatComesInManyPieces) {
  Running running;
  Client client(running.port);

  client.send("GET /a HT");
  client.send("TP/1.1\r\nHost: x\r\nLong: " + std::string(15'000, 'a') + "\r");
  client.send("\n\r\n");

  EXPECT_THAT(client.readAnswer(), EndsWith("GET /a\n"));
}

TEST(ServerTest, AnswersHttp10AndClosesUnlessAskedNotTo) {
  Running running;
  Client closing(running.port);
  Client keeping(running.port);

  closing.send("GET /a HTTP/1.0\r\n\r\n");
  keeping.send("GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

  EXPECT_THAT(closing.readToEnd(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("GET /a\n")));
  EXPECT_THAT(keeping.readAnswer(), HasSubstr("Connection: keep-alive\r\n"));
  keeping.get("/c");
  EXPECT_THAT(keeping.readAnswer(), EndsWith("GET /c\n"));
}

TEST(ServerTest, DropsASmallBodyAndRefusesALargeOne) {
  Running running;
  const auto post = [&](const std::string& headers, const std::string& body) {
    Client client(running.port);
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n" + body);
    return client.readToEnd();
  };

  EXPECT_THAT(post("Content-Length: 0\r\n", ""), EndsWith("POST /a\n"));
  EXPECT_THAT(post("Content-Length: 65536\r\n", std::string(65536, 'x')), EndsWith("POST /a\n"));
  EXPECT_THAT(post("Content-Length: 65537\r\n", std::string(65537, 'x')),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 411 "));
}

TEST(ServerTest, AnswersAClientThatWaitsToSendItsBody) {
  Running running;
  Client client(running.port);

  client.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");

  EXPECT_EQ(client.readThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("x");
  EXPECT_THAT(client.readAnswer(), EndsWith("POST /a\n"));
}

TEST(ServerTest, ClosesAfterARequestThatItRefuses) {
  Running running;
  const auto refuses = [&](const std::string& request, const std::string& start) {
    SCOPED_TRACE(request.substr(0, 80));
    Client client(running.port);
    client.send(request + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto all = client.readToEnd();
    EXPECT_THAT(all, AllOf(StartsWith(start), HasSubstr("Connection: close\r\n"),
                           Not(HasSubstr("smuggled"))));
    EXPECT_FALSE(client.wasReset());
  };

  refuses("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n");
  refuses("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 400 Bad Request\r\n");
  refuses("GET / HTTP/1.1\r\nLong: " + std::string(40'000, 'a') + "\r\n\r\n", "HTTP/1.1 431 ");
}

TEST(ServerTest, EndsARequestWhoseHeadIsSlow) {
  auto options = patient();
  options.header_timeout = milliseconds(20);
  Running running(answerWithPath, options);
  Client slow(running.port);
  Client silent(running.port);

  slow.send("GET / HTTP/1.1\r\nHo");

  EXPECT_THAT(slow.readToEnd(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(silent.readToEnd(), "");
}

TEST(ServerTest, ClosesAConnectionThatStaysIdle) {
  auto options = patient();
  options.idle_timeout = milliseconds(20);
  Running running(answerWithPath, options);
  Client client(running.port);

  client.get("/a");

  EXPECT_THAT(client.readToEnd(), AllOf(EndsWith("GET /a\n"), Not(HasSubstr("Connection: close"))));
}

TEST(ServerTest, LetsGoOfAReaderThatIsTooSlow) {
  std::promise<void> started;
  std::promise<void> gave_up;
  auto options = patient();
  options.write_timeout = milliseconds(50);
  Running running([&](const Request&,
                      Responder& responder) { return streamForever(started, gave_up, responder); },
                  options);
  Client client(running.port, Client::Family::V4, 4096);

  client.get("/");
  gave_up.get_future().wait();

  EXPECT_THAT(client.readToEnd(), Not(EndsWith("0\r\n\r\n")));
}

TEST(ServerTest, ServesManyConnectionsAtOnce) {
  Running running;
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;

  for (int i = 0; i < 50; ++i) {
    clients.emplace_back([&, path = std::string("/").append(std::to_string(i))] {
      Client client(running.port);
      for (int round = 0; round < 20; ++round) {
        client.get(path, round == 19 ? "Connection: close\r\n" : "");
        const auto answer = client.readAnswer();
        if (!answer.ends_with("GET " + path + "\n")) return;
        // The server may have asked to reconnect.
        if (answer.find("Connection: close") != std::string::npos) break;
      }
      ++good;
    });
  }
  for (auto& client : clients) client.join();

  EXPECT_EQ(good, 50);
}

TEST(ServerTest, MoreConnectionsThanThreadsWaitForTheirTurn) {
  auto options = patient();
  options.threads = 2;
  Running running(blocking([](const Request& request, const ClientGone&) {
                    return replyWith(request.method + ' ' + request.path + '\n');
                  }),
                  options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<Client>(running.port));
    clients.back()->get("/a");
  }

  for (auto& client : clients) EXPECT_THAT(client->readAnswer(), EndsWith("GET /a\n"));
}

// With one thread for blocking handlers and one for the rest.
ServerOptions narrow() {
  auto options = patient();
  options.threads = 2;
  return options;
}

TEST(ServerTest, AnswersWhatIsQuickWhileEveryOtherThreadIsTaken) {
  Gate gate;
  const auto path = blocking([](const Request& request, const ClientGone&) {
    return replyWith(request.method + ' ' + request.path + '\n');
  });
  const Service service{
      [&, on_gate = gate.handler()](const Request& request, Responder& responder) {
        if (request.path == "/quick") return answerWithPath(request, responder);
        return request.path == "/gate" ? on_gate(request, responder) : path(request, responder);
      }};
  Server server(narrow());
  const auto port = *server.listen("127.0.0.1:0", service);
  Client busy(port);
  busy.get("/gate");
  gate.entered.get_future().wait();
  Client waiting(port);
  waiting.get("/a");

  for (int i = 0; i < 5; ++i) {
    Client quick(port);
    quick.get("/quick");
    EXPECT_THAT(quick.readAnswer(), EndsWith("GET /quick\n"));
  }
  gate.opened.set_value();

  EXPECT_THAT(busy.readAnswer(), EndsWith("late\n"));
  EXPECT_THAT(waiting.readAnswer(), EndsWith("GET /a\n"));
}

TEST(ServerTest, ARequestThatFindsNoThreadInTimeGetsBusy) {
  Gate gate;
  auto options = narrow();
  options.queue_timeout = milliseconds(20);
  Running running(gate.handler(), options);
  Client busy(running.port);
  busy.get("/gate");
  gate.entered.get_future().wait();

  Client waiting(running.port);
  waiting.get("/a");

  EXPECT_THAT(waiting.readToEnd(),
              AllOf(StartsWith("HTTP/1.1 503 busy\r\n"), HasSubstr("Retry-After: 1\r\n"),
                    HasSubstr("busy: other scrapes use all threads")));
  EXPECT_EQ(running.server.counts().busy, 1U);
  gate.opened.set_value();
  EXPECT_THAT(busy.readAnswer(), EndsWith("late\n"));
}

TEST(ServerTest, AConnectionBeyondTheLimitIsBusyWhenAllOthersAreBeingAnswered) {
  Gate gate;
  auto options = patient();
  options.max_connections = 1;
  Running running(gate.handler(), options);
  Client first(running.port);
  first.get("/a");
  gate.entered.get_future().wait();

  Client second(running.port);
  EXPECT_THAT(second.readToEnd(), AllOf(StartsWith("HTTP/1.1 503 busy\r\n"),
                                        HasSubstr("busy: --web.max-connections are open; try")));

  gate.opened.set_value();
  EXPECT_THAT(first.readAnswer(), EndsWith("late\n"));
}

TEST(ServerTest, OneAddressMayBeBounded) {
  auto options = patient();
  options.max_per_address = 1;
  Running running(answerWithPath, options);
  Client first(running.port);
  first.get("/a");
  first.readAnswer();

  Client second(running.port);

  EXPECT_THAT(second.readToEnd(), HasSubstr("busy: --web.max-connections-per-address are open"));
}

TEST(ServerTest, SlowReadersHoldNoThread) {
  const std::string page(1U << 20, 'p');
  Running running(
      [&](const Request& request, Responder& responder) {
        return request.path == "/page" ? responder.send({}, page)
                                       : answerWithPath(request, responder);
      },
      narrow());
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 3; ++i) {
    slow.push_back(std::make_unique<Client>(running.port, Client::Family::V4, 4096));
    slow.back()->get("/page");
    slow.back()->get("/next");
  }

  Client other(running.port);
  other.get("/a");

  EXPECT_THAT(other.readAnswer(), EndsWith("GET /a\n"));
  for (auto& client : slow) {
    EXPECT_EQ(client->readAnswer().size() > page.size(), true);
    EXPECT_THAT(client->readAnswer(), EndsWith("GET /next\n"));
  }
}

TEST(ServerTest, AReaderThatNeverTakesItsAnswerIsReset) {
  const std::string page(4U << 20, 'p');
  auto options = patient();
  options.write_timeout = milliseconds(50);
  Running running([&](const Request&, Responder& responder) { return responder.send({}, page); },
                  options);
  Client slow(running.port, Client::Family::V4, 4096);

  slow.get("/page");

  EXPECT_TRUE(slow.waitForReset());
  EXPECT_LT(slow.readToEnd().size(), page.size());
}

TEST(ServerTest, SlowBodiesHoldNoThreadAndEnd) {
  auto options = narrow();
  options.header_timeout = milliseconds(200);
  Running running(answerWithPath, options);
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 5; ++i) {
    slow.push_back(std::make_unique<Client>(running.port));
    slow.back()->send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbeginning");
  }

  Client other(running.port);
  other.get("/a");

  EXPECT_THAT(other.readAnswer(), EndsWith("GET /a\n"));
  for (auto& client : slow) EXPECT_EQ(client->readToEnd(), "");
}

TEST(ServerTest, AHandlerThatThrowsEndsItsConnectionAlone) {
  auto options = patient();
  options.threads = 2;
  const auto on_thread = blocking(
      [](const Request&, const ClientGone&) -> Reply { throw std::runtime_error("unexpected"); });
  Running running(
      [&](const Request& request, Responder& responder) {
        if (request.path == "/throws") throw std::runtime_error("unexpected");
        return request.path == "/throws-on-thread" ? on_thread(request, responder)
                                                   : answerWithPath(request, responder);
      },
      options);
  for (const char* path : {"/throws", "/throws-on-thread"}) {
    Client unlucky(running.port);
    unlucky.get(path);
    EXPECT_EQ(unlucky.readToEnd(), "");
  }

  Client next(running.port);
  next.get("/a");

  EXPECT_THAT(next.readAnswer(), EndsWith("GET /a\n"));
}

TEST(ServerTest, StopLetsRequestsInFlightFinishAndEndsIdleConnections) {
  Gate gate;
  Running running(besides(gate));
  Client idle(running.port);
  idle.get("/a");
  idle.readAnswer();
  Client half(running.port);
  half.send("GET /never");
  Client busy(running.port);
  busy.get("/gate");
  gate.entered.get_future().wait();

  auto stopped = std::async(std::launch::async, [&] { return running.server.stop(kPatience); });

  EXPECT_EQ(idle.readToEnd(), "");
  EXPECT_EQ(half.readToEnd(), "");
  EXPECT_FALSE(Client(running.port).connected());
  gate.opened.set_value();
  EXPECT_THAT(busy.readToEnd(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("late\n")));
  EXPECT_TRUE(stopped.get());
  EXPECT_EQ(running.server.counts().connections, 0U);
}

TEST(ServerTest, StopResetsWhatDoesNotFinishInTime) {
  std::promise<void> streaming;
  std::promise<void> ended;
  Running running([&](const Request&, Responder& responder) {
    return streamForever(streaming, ended, responder);
  });
  // HTTP/1.0: the end of the connection ends the body, so only a reset shows the failure.
  Client client(running.port, Client::Family::V4, 4096);
  client.send("GET / HTTP/1.0\r\n\r\n");
  streaming.get_future().wait();

  EXPECT_FALSE(running.server.stop(milliseconds(20)));

  client.readToEnd();
  EXPECT_TRUE(client.wasReset());
}

TEST(ServerTest, StopsWithoutHavingListenedAndTwice) {
  Server server(patient());

  EXPECT_TRUE(server.stop(kPatience));
  EXPECT_TRUE(server.stop(kPatience));
}

TEST(ServerTest, LeavesALoopThatOthersUseRunning) {
  const RealClock clock;
  async::LoopThread loop(clock);
  async::ThreadPool pool(4);
  const Service first{always("first\n")};
  const Service second{always("second\n")};
  Server staying(patient(), loop, pool);
  const auto port = *staying.listen("127.0.0.1:0", first);
  Client kept(port);
  kept.get("/");
  EXPECT_THAT(kept.readAnswer(), EndsWith("first\n"));
  {
    Server leaving(patient(), loop, pool);
    Client client(*leaving.listen("127.0.0.1:0", second));
    client.get("/");
    EXPECT_THAT(client.readAnswer(), EndsWith("second\n"));
    EXPECT_TRUE(leaving.stop(kPatience));
    EXPECT_EQ(client.readToEnd(), "");
  }

  kept.get("/");
  EXPECT_THAT(kept.readAnswer(), EndsWith("first\n"));
  EXPECT_EQ(staying.counts().connections, 1U);
}

TEST(ServerTest, ListensOnBothFamiliesWithoutAHost) {
  Server server(patient());
  const auto port = server.listen(":0", kPaths);
  ASSERT_TRUE(port);

  for (const auto family : {Client::Family::V4, Client::Family::V6}) {
    Client client(*port, family);
    client.get("/a");
    EXPECT_THAT(client.readAnswer(), EndsWith("GET /a\n"));
  }
}

TEST(ServerTest, ListensOnSeveralAddresses) {
  Server server(patient());
  const auto v4 = server.listen("localhost:0", kPaths);
  const auto v6 = server.listen("[::1]:0", kPaths);
  ASSERT_TRUE(v4);
  ASSERT_TRUE(v6);

  Client client(*v6, Client::Family::V6);
  client.get("/a");

  EXPECT_THAT(client.readAnswer(), EndsWith("GET /a\n"));
  EXPECT_FALSE(Client(*v6, Client::Family::V4).connected());
}

TEST(ServerTest, SaysWhyItCannotListen) {
  Running running;
  const auto failsWith = [](const std::string& address, const std::string& error_text) {
    SCOPED_TRACE(address);
    Server other(patient());
    const auto port = other.listen(address, kPaths);
    ASSERT_FALSE(port);
    EXPECT_EQ(port.error().fault, Fault::Connect);
    EXPECT_THAT(port.error().what,
                AllOf(StartsWith("cannot listen on " + address + ": "), HasSubstr(error_text),
                      EndsWith("choose one with --web.listen-address")));
  };

  failsWith("127.0.0.1:" + std::to_string(running.port),
            "address already in use: another process has the port");
  failsWith("192.0.2.1:0", "this machine has no such address");
  failsWith("no-such-host.invalid:0", ": the host has no address: name an address of this machine");
  failsWith("256.1.1.1:0", ": the host has no address");
  failsWith("[fe80::1]:0", ": this machine cannot listen there");
  failsWith("3000", "expected host:port");
  failsWith(":port", "expected host:port");
  failsWith(":70000", "expected host:port");
  failsWith("::1:3000", "expected host:port");
}

}  // namespace
}  // namespace postern::http
