#include <sys/socket.h>

#include <functional>
#include <latch>
#include <optional>
#include <thread>

#include "async/group.h"
#include "base/descriptor.h"
#include "fakes/inline_runner.h"
#include "unit/upstream/client_fixture.h"
#include "unit/upstream/gzip.h"
#include "unit/upstream/name_service.h"

namespace postern::upstream {
namespace {

// Queues the jobs until the test runs them.
class HoldingRunner final : public async::JobRunner {
 public:
  void run(std::function<void()> job) override { jobs.push_back(std::move(job)); }

  std::vector<std::function<void()>> jobs;
};

// Requests that end while they wait: by their scope, or because the task is destroyed.
class ClientTaskTest : public ClientTest {
 protected:
  using Condition = std::function<bool()>;

  ~ClientTaskTest() override { name_service::answers(true); }

  async::Task<> keep(const Request& request, async::Scope& scope) {
    outcome = co_await exchange(request, scope);
  }
  async::Task<bool> until(Condition condition) {
    while (!condition()) {
      const bool turned = co_await loop.turn(patience);
      if (!turned) co_return false;
    }
    co_return true;
  }
  bool runUntil(Condition condition) { return loop.run(until(std::move(condition))); }

  // A request that waits for `waits` is cancelled, and another one is destroyed.
  void leaves(const Request& request, const Condition& waits, std::string_view error_text) {
    SCOPED_TRACE(error_text);
    cancels(request, waits, error_text);
    destroys(request, waits);
  }

  void cancels(const Request& request, const Condition& waits, std::string_view error_text) {
    outcome.reset();
    async::Scope scope(patience);
    async::Group tasks;
    tasks.add(keep(request, scope));
    ASSERT_TRUE(runUntil(waits));
    ASSERT_FALSE(outcome);

    scope.cancel();

    ASSERT_TRUE(runUntil([this] { return outcome.has_value(); }));
    expectFault(*outcome, Fault::Timeout, error_text);
    EXPECT_EQ(client->connections(), 0U);
  }

  void destroys(const Request& request, const Condition& waits) {
    outcome.reset();
    std::optional<async::Group> tasks;
    tasks.emplace().add(keep(request, patience));
    ASSERT_TRUE(runUntil(waits));

    tasks.reset();

    EXPECT_EQ(client->connections(), 0U);
    int turns = 0;
    EXPECT_TRUE(runUntil([&turns] { return ++turns == 3; }));
    EXPECT_FALSE(outcome);
  }

  async::Scope patience{loop, deadlineIn(30s)};
  std::optional<Outcome> outcome;
};

// A listener that accepts connections and sends nothing.
class SilentServer {
 public:
  std::uint16_t port() const { return listener_.port(); }
  // True once for each connection, when its ClientHello has arrived.
  bool nextHello() {
    if (!newest_)
      newest_ = Descriptor(accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    char byte = 0;
    if (!newest_ || recv(newest_.number(), &byte, 1, MSG_PEEK) <= 0) return false;
    greeted_.push_back(std::exchange(newest_, {}));
    return true;
  }
  // Whether the client has closed the last connection of nextHello().
  bool isClosed() {
    char bytes[4096];
    return recv(greeted_.back().number(), bytes, sizeof(bytes), 0) == 0;
  }

 private:
  const Listener listener_;
  Descriptor newest_;
  std::vector<Descriptor> greeted_;
};

TEST_F(ClientTaskTest, SendsNothingWhenItIsCancelledBeforeItBegins) {
  start(always(answer("up 1\n")));
  async::Scope scope(patience);
  scope.cancel();
  const auto page = request();

  expectFault(loop.run(exchange(page, scope)), Fault::Timeout, "timed out");
  expectPage(send(page), "up 1\n");
  expectFault(loop.run(exchange(page, scope)), Fault::Timeout, "timed out");

  EXPECT_EQ(server->requests().size(), 1U);
  EXPECT_EQ(client->connections(), 0U);
}

TEST_F(ClientTaskTest, LeavesALookup) {
  name_service::answers(false);
  aim("web.test", 443);

  leaves(
      request(), [] { return name_service::asked() > 0; }, "the name service did not answer");
}

TEST_F(ClientTaskTest, LeavesAConnectionThatIsNotAccepted) {
  const Listener full("127.0.0.1", 0);
  std::vector<Descriptor> waiting;
  for (int i = 0; i < 4; ++i) {
    async::Scope scope(loop, deadlineIn(0ms));
    auto dialled = loop.run(
        dial("full", *loop.run(resolver.resolve("127.0.0.1", full.port(), patience)), scope));
    if (dialled) waiting.push_back(std::move(dialled->socket));
  }
  aim("127.0.0.1", full.port());

  leaves(
      request(), [] { return true; }, "while connecting");
}

TEST_F(ClientTaskTest, LeavesAHandshakeThatIsNotAnswered) {
  testing::InlineRunner steps;
  runner = &steps;
  SilentServer silent;
  aim("127.0.0.1", silent.port());

  leaves(
      request(), [&silent] { return silent.nextHello(); }, "in the TLS handshake");
}

TEST_F(ClientTaskTest, LeavesAStepOfTheHandshakeToTheThreadThatComputesIt) {
  HoldingRunner steps;
  runner = &steps;
  SilentServer silent;
  aim("127.0.0.1", silent.port());

  std::size_t waited = 0;

  leaves(
      request(),
      [&steps, &waited] {
        if (steps.jobs.size() == waited) return false;
        ++waited;
        return true;
      },
      "in the TLS handshake");

  ASSERT_EQ(steps.jobs.size(), 2U);
  std::thread([&steps] {
    for (const auto& job : steps.jobs) job();
    steps.jobs.clear();
  }).join();
  for (std::size_t i = 0; i < waited; ++i) {
    EXPECT_TRUE(runUntil([&silent] { return silent.nextHello(); }));
    EXPECT_TRUE(runUntil([&silent] { return silent.isClosed(); }));
  }
}

TEST_F(ClientTaskTest, LeavesAServerThatDoesNotReadTheRequest) {
  const auto over = std::make_shared<std::latch>(1);  // a thread of the server may handle it late
  start([over](Peer&) { over->wait(); });
  std::optional<TransportInfo> transport;
  auto upload = request();
  upload.method = "POST";
  upload.body = Secret(std::string(32U << 20, 'x'));
  upload.transport = &transport;

  leaves(
      upload, [&transport] { return std::exchange(transport, std::nullopt).has_value(); },
      "while sending the request");

  over->count_down();
}

TEST_F(ClientTaskTest, LeavesAServerThatDoesNotAnswerTheRequest) {
  std::size_t asked = 0;
  start([](Peer& peer) {
    while (!peer.readRequest().empty()) continue;
  });

  leaves(
      request(),
      [this, &asked] {
        if (server->requests().size() == asked) return false;
        ++asked;
        return true;
      },
      "while waiting for the answer");
}

TEST_F(ClientTaskTest, LeavesABodyThatDoesNotContinue) {
  start(always("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nup 1\n"));
  const auto page = request();
  async::Scope scope(patience);
  auto started = loop.run(client->send(page, scope));
  ASSERT_TRUE(started);
  EXPECT_EQ(*loop.run((*started)->read(scope)), "up 1\n");
  {
    auto waiting = (*started)->read(scope);
    waiting.start();
    EXPECT_FALSE(waiting.done());
  }

  auto reading = (*started)->read(scope);
  reading.start();
  EXPECT_FALSE(reading.done());
  scope.cancel();
  EXPECT_TRUE(runUntil([&reading] { return reading.done(); }));

  const auto block = reading.result();
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error().fault, Fault::Timeout);
  EXPECT_THAT(block.error().what, HasSubstr("while reading the body"));
  started->reset();
  EXPECT_EQ(client->connections(), 0U);
}

TEST_F(ClientTaskTest, SendsTwoRequestsSideBySide) {
  const auto both = std::make_shared<std::latch>(2);
  start([both](Peer& peer) {
    const auto asked = peer.readRequest();
    both->arrive_and_wait();
    peer.send(answer(asked.substr(0, asked.find(" HTTP"))));
  });
  const auto first = request("/first");
  const auto second = request("/second");
  async::Group tasks;

  tasks.add(keep(first, patience));
  const auto outcome_of_second = loop.run(exchange(second, patience));
  EXPECT_TRUE(runUntil([this] { return outcome.has_value(); }));

  expectPage(outcome_of_second, "GET /second");
  expectPage(*outcome, "GET /first");
  EXPECT_EQ(server->connections(), 2U);
}

// Reads the body block by block; `read` counts its bytes as they come.
async::Task<> readCounting(HttpExchange& exchange, async::Scope& scope, std::size_t& read) {
  for (;;) {
    const auto block = co_await exchange.read(scope);
    if (!block || block->empty()) co_return;
    read += block->size();
  }
}

TEST_F(ClientTaskTest, LetsOtherTasksGoWhileALargeBodyComes) {
  constexpr std::size_t kSize = 16U << 20;
  const std::string page(kSize, 'x');
  const auto lets = [&](const std::string& bytes) {
    start(onceAndCut(bytes));
    const auto sent = request();
    auto started = loop.run(client->send(sent, patience));
    ASSERT_TRUE(started);
    std::size_t read = 0;
    std::size_t before = 0;
    std::size_t longest = 0;
    async::Group tasks;
    tasks.add(readCounting(**started, patience, read));

    EXPECT_TRUE(runUntil([&] {
      longest = std::max(longest, read - std::exchange(before, read));
      return tasks.size() == 0;
    }));

    EXPECT_EQ(read, kSize);
    EXPECT_LE(longest, (256U + 64U) << 10);
  };

  lets(answer(page));
  lets(answer(testing::gzip(page), "Content-Encoding: gzip\r\n"));
}

}  // namespace
}  // namespace postern::upstream
