#include "check/local_scrape.h"

#include "base/version.h"
#include "check/sample_counter.h"
#include "scrape/page_stream.h"
#include "web/status.h"

namespace postern::check {
namespace {

constexpr std::size_t kThreads = 4;  // for files, the database and handshakes

// A page that streams. Only its size matters.
class CountedPage final : public scrape::PageStream {
 public:
  async::Task<bool> write(std::string_view block) override {
    series.feed(block);
    co_return true;
  }
  std::chrono::milliseconds waited() const override { return std::chrono::milliseconds(0); }
  void disconnect() override {}

  SampleCounter series;
};

web::TargetViews only(const scrape::Target& target) {
  return {web::viewOf(target)};
}

web::Self localSelf(SystemTime now) {
  web::Self self;
  self.version = version();
  self.revision = revision();
  self.started = self.reloaded = now;
  return self;
}

}  // namespace

LocalScrape::LocalScrape(const config::Target& config, const config::Options& options,
                         Network& network)
    : network_(network), runner_(kThreads) {
  const scrape::TargetClient::ClientParts parts{network.resolver, network.loop, runner_};
  target_ = std::make_shared<scrape::Target>(
      config, std::make_shared<scrape::TargetClient>(config, options.state_dir, parts, drawUniform),
      std::make_shared<scrape::Stats>(config.name), network.loop, runner_,
      [this] { return selfPage(); });
}

LocalScrape::~LocalScrape() {
  async::Scope scope(network_.loop, network_.loop.now() + std::chrono::seconds(1));
  network_.loop.run(client().session.logout(scope));
}

std::string LocalScrape::selfPage() const {
  return web::selfMetricsForPage(only(*target_), localSelf(network_.clock.system()));
}

ScraperAnswer LocalScrape::scrape() {
  CountedPage page;
  async::Scope scope(network_.loop);
  const auto deadline = network_.loop.now() + target_->config().scrape_timeout;
  const auto answer = network_.loop.run(target_->scrape(deadline, {}, page, scope));
  ScraperAnswer received;
  if (!answer.page) {
    received.fault = answer.page.error().fault;
    return received;
  }
  if (*answer.page) page.series.feed(**answer.page);
  received.bytes = page.series.bytes();
  received.series = page.series.count();
  return received;
}

StatusDocument LocalScrape::status() const {
  const auto now = network_.clock.system();
  const auto document = StatusDocument::parse(web::status(only(*target_), localSelf(now), now));
  return document->list("/targets").front();
}

}  // namespace postern::check
