#include "doctor/own_target.h"

#include "base/version.h"
#include "doctor/series.h"
#include "scrape/page_stream.h"
#include "serve/status.h"

namespace postern::doctor {
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

  Series series;
};

serve::TargetViews only(const scrape::Target& target) {
  return {serve::viewOf(target)};
}

serve::Self ourselves(SystemTime now) {
  serve::Self self;
  self.version = version();
  self.revision = revision();
  self.started = self.reloaded = now;
  return self;
}

}  // namespace

OwnTarget::OwnTarget(const config::Target& config, const config::Options& options, Network& network)
    : network_(network), runner_(kThreads) {
  const scrape::TargetClient::Parts parts{network.resolver, network.loop, runner_};
  target_ = std::make_shared<scrape::Target>(
      config, std::make_shared<scrape::TargetClient>(config, options.state_dir, parts, drawUniform),
      std::make_shared<scrape::Stats>(config.name), network.loop, runner_,
      [this] { return selfPage(); });
}

OwnTarget::~OwnTarget() {
  async::Scope scope(network_.loop, network_.loop.now() + std::chrono::seconds(1));
  network_.loop.run(client().session.logout(scope));
}

std::string OwnTarget::selfPage() const {
  return serve::ownMetricsForPage(only(*target_), ourselves(network_.clock.system()));
}

Got OwnTarget::scrape() {
  CountedPage page;
  async::Scope scope(network_.loop);
  const auto deadline = network_.loop.now() + target_->config().scrape_timeout;
  const auto answer = network_.loop.run(target_->scrape(deadline, {}, page, scope));
  Got got;
  if (!answer.page) {
    got.fault = answer.page.error().fault;
    return got;
  }
  if (*answer.page) page.series.feed(**answer.page);
  got.bytes = page.series.bytes();
  got.series = page.series.count();
  return got;
}

Told OwnTarget::told() const {
  const auto now = network_.clock.system();
  const auto status = Told::parse(serve::status(only(*target_), ourselves(now), now));
  return status->list("/targets").front();
}

}  // namespace postern::doctor
