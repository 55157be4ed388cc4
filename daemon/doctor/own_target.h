#pragma once

#include <memory>
#include <optional>

#include "config/config.h"
#include "doctor/told.h"
#include "doctor/verdicts.h"
#include "scrape/target.h"

namespace postern::doctor {

// A target that no daemon serves, scraped by ourselves with the parts of the daemon: its session
// respects a back-off in --state.dir, and leaves one there when its login fails.
class OwnTarget {
 public:
  // `resolver` must outlive it. Reads files, talks to nobody.
  OwnTarget(const config::Target& config, const config::Options& options,
            upstream::Resolver& resolver);
  ~OwnTarget();

  scrape::Door& door() { return *target_->door(); }
  // One scrape, with one login at most; a page that is large streams and is not held.
  Got scrape();
  // As /api/v1/status tells it.
  Told told() const;

 private:
  std::string selfPage() const;

  const RealClock clock_;
  async::ThreadPool workers_;
  std::shared_ptr<scrape::Target> target_;
};

}  // namespace postern::doctor
