#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/group.h"
#include "fakes/fake_http_client.h"
#include "fakes/inline_runner.h"
#include "fakes/simulated_loop.h"
#include "scrape/target.h"

namespace postern::scrape {

using namespace std::chrono_literals;
using testing::FakeHttpClient;

// The scraper of a streamed page. It accepts each block after some time.
class FakeStream final : public PageStream {
 public:
  explicit FakeStream(async::Loop& loop) : loop_(loop) {}

  async::Task<bool> write(std::string_view block) override {
    async::Scope scope(loop_);
    const auto until = loop_.now() + block_takes;
    if (block_takes.count() > 0) static_cast<void>(co_await loop_.sleepUntil(until, scope));
    if (hangs) static_cast<void>(co_await released_.wait(scope));
    if (gone) co_return false;
    text += block;
    ++blocks;
    co_return true;
  }
  std::chrono::milliseconds waited() const override { return waits; }
  void disconnect() override {
    ++disconnects;
    leave();
  }
  void leave() {
    gone = true;
    released_.set();
  }

  std::chrono::milliseconds block_takes{0};
  std::chrono::milliseconds waits{0};  // that waited() returns
  bool hangs = false;                  // until it leaves
  bool gone = false;
  int disconnects = 0;
  int blocks = 0;
  std::string text;

 private:
  async::Loop& loop_;
  async::Event released_;
};

// One scrape as a test sees it.
struct Scraper {
  explicit Scraper(async::Loop& loop) : stream(loop), connection(loop) {}

  bool hasPage() const { return answer && answer->page && *answer->page != nullptr; }
  const std::string& page() const { return **answer->page; }
  std::optional<Fault> fault() const {
    if (!answer || answer->page) return std::nullopt;
    return answer->page.error().fault;
  }

  FakeStream stream;
  async::Scope connection;
  std::optional<Target::ScrapeAnswer> answer;
  SteadyTime answered_at;
};

// A target whose service, clock and scrapers the test controls. Change `config` before open().
struct SimulatedTarget {
  explicit SimulatedTarget(async::Loop& on) : loop(on) {
    config.name = "t";
    config.url = {"localhost", 1, ""};
    config.tls.insecure_skip_verify = true;
    config.scrape_timeout = 10s;
    config.pages = {page("/metrics")};
  }
  static config::Page page(const std::string& path) {
    config::Page page;
    page.path = path;
    page.format = config::Format::Text;
    return page;
  }
  void open() {
    auto client = std::make_unique<FakeHttpClient>(
        [this](const upstream::Request& request) { return service(request); });
    http = client.get();
    const TargetClient::ClientParts parts{resolver, loop, runner};
    stats = std::make_shared<Stats>("t");
    target = std::make_unique<Target>(config,
                                      std::make_shared<TargetClient>(
                                          config, "", parts, [] { return 0.5; }, std::move(client)),
                                      stats, loop, runner,
                                      [] { return std::string("# TYPE own gauge\nown 1\n"); });
  }
  // Begins a scrape.
  Scraper& scrape(std::chrono::milliseconds time = 10s, exposition::Output output = {}) {
    auto& scraper = *scrapers.emplace_back(std::make_unique<Scraper>(loop));
    scrapes->add(run(scraper, loop.now() + time, output));
    return scraper;
  }
  async::Task<> run(Scraper& scraper, SteadyTime deadline, exposition::Output output) {
    auto answer = co_await target->scrape(deadline, output, scraper.stream, scraper.connection);
    scraper.answer = std::move(answer);
    scraper.answered_at = loop.now();
  }
  // Lets time pass, or waits until all scrapes have ended.
  void pass(std::chrono::milliseconds time) { loop.run(sleep(time)); }
  void finish() { loop.run(join()); }
  // Begins a scrape and waits for all.
  Scraper& scrapeNow(std::chrono::milliseconds time = 10s) {
    auto& scraper = scrape(time);
    finish();
    return scraper;
  }

  async::Loop& loop;
  config::Target config;
  FakeHttpClient::Script service = [](const upstream::Request&) -> Result<FakeHttpClient::Answer> {
    return FakeHttpClient::Answer{200, "a 1\n"};
  };
  upstream::Resolver resolver;
  testing::InlineRunner runner;
  FakeHttpClient* http = nullptr;
  std::shared_ptr<Stats> stats;
  std::unique_ptr<Target> target;
  std::vector<std::unique_ptr<Scraper>> scrapers;
  std::optional<async::Group> scrapes{std::in_place};

 private:
  async::Task<> sleep(std::chrono::milliseconds time) {
    async::Scope scope(loop);
    const auto until = loop.now() + time;
    static_cast<void>(co_await loop.sleepUntil(until, scope));
  }
  async::Task<> join() {
    async::Scope scope(loop);
    static_cast<void>(co_await scrapes->join(scope));
  }
};

// A block of 655 lines of 100 bytes each: a little less than 64 KiB.
inline const std::string& largeBlock() {
  static const std::string block = [] {
    std::string text;
    for (int line = 0; line < 655; ++line) {
      std::string one = "m{n=\"" + std::to_string(line) + "\",x=\"";
      one.append(94 - one.size(), 'x');
      one += "\"} 12\n";
      text += one;
    }
    return text;
  }();
  return block;
}

}  // namespace postern::scrape
