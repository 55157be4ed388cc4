#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/relief.h"
#include "http/descriptor.h"
#include "http/server.h"
#include "unit/http/client.h"

namespace postern::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr auto kLong = 60'000ms;

// What an answer waits for.
struct Signal {
  Descriptor event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};

  void raise() const { ::eventfd_write(event.number(), 1); }
};

struct Counts {
  std::atomic<int> parked = 0, resumed = 0, gone = 0;
};

class Waiting final : public Parked {
 public:
  Waiting(const Signal& signal, SteadyTime deadline, std::string answer, Counts& counts)
      : signal_(signal), deadline_(deadline), answer_(std::move(answer)), counts_(counts) {}
  ~Waiting() override { ++counts_.gone; }

  int descriptor() const override { return signal_.event.number(); }
  SteadyTime deadline() const override { return deadline_; }
  void resume(ResponseSink& sink) override {
    EXPECT_FALSE(sink.parks());
    eventfd_t value = 0;
    const bool readable = ::eventfd_read(signal_.event.number(), &value) == 0;
    ++counts_.resumed;
    sink.send({}, answer_ + (readable ? " readable\n" : " late\n"));
  }

 private:
  const Signal& signal_;
  const SteadyTime deadline_;
  const std::string answer_;
  Counts& counts_;
};

// A server whose answers are parked until a signal is raised, but for "/gate" and "/now".
class ParkingTest : public ::testing::Test {
 protected:
  void start(std::size_t threads, std::chrono::milliseconds time = kLong) {
    site.handler = [this, time](const Request& request, ResponseSink& sink) {
      if (request.path == "/now") return sink.send({}, "now\n");
      if (request.path == "/gate") {
        Relief::call();
        entered.set_value();
        open.wait();
        return sink.send({}, "gate\n");
      }
      EXPECT_TRUE(sink.parks());
      sink.park(std::make_unique<Waiting>(*signal, deadlineIn(time), request.path, counts));
      ++counts.parked;
    };
    site.quick = [](const Request& request) { return request.path == "/now"; };
    site.calls_relief = true;
    server = std::make_unique<Server>(Server::Options{.threads = threads,
                                                      .header_timeout = kLong,
                                                      .idle_timeout = kLong,
                                                      .write_timeout = kLong});
    port = *server->listen("127.0.0.1:0", site);
  }
  std::unique_ptr<Client> ask(std::string_view path) const {
    auto client = std::make_unique<Client>(port);
    client->get(path);
    return client;
  }
  void untilParked(int count) const {
    while (counts.parked < count) std::this_thread::yield();
  }

  std::unique_ptr<Signal> signal = std::make_unique<Signal>();
  Counts counts;
  std::promise<void> entered, opened;
  std::shared_future<void> open = opened.get_future().share();
  Site site;
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

TEST_F(ParkingTest, GoesOnWhenTheDescriptorCanBeRead) {
  start(64);
  const auto client = ask("/a");
  untilParked(1);
  EXPECT_EQ(counts.resumed, 0);

  signal->raise();

  EXPECT_THAT(client->readAnswer(), EndsWith("/a readable\n"));
}

TEST_F(ParkingTest, GoesOnAtTheDeadline) {
  start(64, 20ms);

  EXPECT_THAT(ask("/a")->readAnswer(), EndsWith("/a late\n"));
}

TEST_F(ParkingTest, ParksOneRequestAfterTheOtherOnOneConnection) {
  start(64);
  const auto client = ask("/a");
  signal->raise();
  EXPECT_THAT(client->readAnswer(), EndsWith("/a readable\n"));

  for (int i = 0; i < 3; ++i) {
    client->get("/b");
    untilParked(i + 2);
    signal->raise();
    EXPECT_THAT(client->readAnswer(), EndsWith("/b readable\n"));
  }
  EXPECT_EQ(server->counts().connections, 1U);
}

TEST_F(ParkingTest, TakesADescriptorForAnotherThatHadItsNumber) {
  start(64, 20ms);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(ask("/a")->readAnswer(), EndsWith("/a late\n"));
    signal->raise();  // too late: nobody is there any more
    signal.reset();
    signal = std::make_unique<Signal>();
  }
}

TEST_F(ParkingTest, TakesNoThreadsForWhatIsParked) {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  start(64);
  EXPECT_THAT(ask("/now")->readAnswer(), EndsWith("now\n"));
  const auto before = threads();
  std::vector<std::unique_ptr<Client>> clients(40);
  for (auto& client : clients) client = ask("/a");
  untilParked(40);

  EXPECT_LE(threads(), before + 2);

  server->stop(0ms);
}

TEST_F(ParkingTest, KeepsAThreadForEachParkedAnswer) {
  start(3);  // places for two answers that take time
  const auto parked = ask("/a");
  untilParked(1);
  const auto gate = ask("/gate");
  entered.get_future().wait();
  const auto queued = ask("/b");

  EXPECT_THAT(ask("/now")->readAnswer(), EndsWith("now\n"));
  EXPECT_EQ(counts.parked, 1) << "there is no place for the third";
  signal->raise();
  EXPECT_THAT(parked->readAnswer(), EndsWith("/a readable\n"));
  untilParked(2);
  signal->raise();
  EXPECT_THAT(queued->readAnswer(), EndsWith("/b readable\n"));
  opened.set_value();
  EXPECT_THAT(gate->readAnswer(), EndsWith("gate\n"));
}

TEST_F(ParkingTest, StopLetsParkedAnswersFinish) {
  start(64);
  const auto client = ask("/a");
  untilParked(1);

  auto stopped = std::async(std::launch::async, [&] { return server->stop(kLong); });
  while (Client(port).connected()) std::this_thread::yield();
  signal->raise();

  EXPECT_THAT(client->readToEnd(),
              AllOf(HasSubstr("Connection: close\r\n"), EndsWith("/a readable\n")));
  EXPECT_TRUE(stopped.get());
}

TEST_F(ParkingTest, StopLetsGoWhatDoesNotFinishInTime) {
  start(64);
  const auto client = ask("/a");
  untilParked(1);

  EXPECT_FALSE(server->stop(20ms));

  EXPECT_EQ(client->readToEnd(), "");
  EXPECT_EQ(counts.resumed, 0);
  EXPECT_EQ(counts.gone, 1);
  EXPECT_EQ(server->counts().connections, 0U);
}

}  // namespace
}  // namespace postern::http
