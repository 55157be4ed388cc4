#pragma once

#include <memory>
#include <optional>

#include "async/thread_pool.h"
#include "check/network.h"
#include "check/scrape_steps.h"
#include "check/status_document.h"
#include "config/config.h"
#include "scrape/target.h"

namespace postern::check {

// Scrapes a target that no daemon serves, with the parts of the daemon. Its session respects a
// back-off in --state.dir, and stores one there when its login fails.
class LocalScrape {
 public:
  // `network` must outlive the object. Reads files, uses no network.
  LocalScrape(const config::Target& config, const config::Options& options, Network& network);
  ~LocalScrape();

  scrape::TargetClient& client() { return *target_->client(); }
  // One scrape with at most one login. A large page streams and is not held in memory.
  ScraperAnswer scrape();
  // The target's state in the format of /api/v1/status.
  StatusDocument status() const;

 private:
  std::string selfPage() const;

  Network& network_;
  async::ThreadPool runner_;
  std::shared_ptr<scrape::Target> target_;
};

}  // namespace postern::check
