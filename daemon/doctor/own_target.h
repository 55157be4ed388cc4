#pragma once

#include <memory>
#include <optional>

#include "async/thread_pool.h"
#include "config/config.h"
#include "doctor/network.h"
#include "doctor/told.h"
#include "doctor/verdicts.h"
#include "scrape/target.h"

namespace postern::doctor {

// A target that no daemon serves, scraped by ourselves with the parts of the daemon: its session
// respects a back-off in --state.dir, and leaves one there when its login fails.
class OwnTarget {
 public:
  // `network` must outlive it. Reads files, talks to nobody.
  OwnTarget(const config::Target& config, const config::Options& options, Network& network);
  ~OwnTarget();

  scrape::TargetClient& client() { return *target_->client(); }
  // One scrape, with one login at most; a page that is large streams and is not held.
  Got scrape();
  // As /api/v1/status tells it.
  Told told() const;

 private:
  std::string selfPage() const;

  Network& network_;
  async::ThreadPool runner_;
  std::shared_ptr<scrape::Target> target_;
};

}  // namespace postern::doctor
