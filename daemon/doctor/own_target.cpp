#include "doctor/own_target.h"

#include "base/version.h"
#include "doctor/series.h"
#include "serve/status.h"

namespace postern::doctor {
namespace {

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

OwnTarget::OwnTarget(const config::Target& config, const config::Options& options,
                     upstream::Resolver& resolver)
    : workers_(config.pages.size()) {
  target_ = std::make_shared<scrape::Target>(
      config,
      std::make_shared<scrape::Door>(config, options.state_dir, resolver, clock_, drawUniform),
      std::make_shared<scrape::Stats>(config.name), workers_, clock_,
      [this] { return selfPage(); });
}

OwnTarget::~OwnTarget() {
  door().session.logout(deadlineIn(std::chrono::seconds(1)));
}

std::string OwnTarget::selfPage() const {
  return serve::ownMetricsForPage(only(*target_), ourselves(clock_.system()));
}

Got OwnTarget::scrape() {
  Series series;
  const scrape::Stream stream = [&](std::string_view block) {
    series.feed(block);
    return true;
  };
  const auto deadline = deadlineIn(target_->config().scrape_timeout);
  const auto answer = target_->scrape(deadline, {}, stream, [](const scrape::Target::Answer&) {});
  Got got;
  if (!answer.page) {
    got.fault = answer.page.error().fault;
    return got;
  }
  if (*answer.page) series.feed(**answer.page);
  got.bytes = series.bytes();
  got.series = series.count();
  return got;
}

Told OwnTarget::told() const {
  const auto now = clock_.system();
  const auto status = Told::parse(serve::status(only(*target_), ourselves(now), now));
  return status->list("/targets").front();
}

}  // namespace postern::doctor
