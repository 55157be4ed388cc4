#pragma once

#include <memory>
#include <string>

#include "check/local_daemon.h"
#include "check/local_scrape.h"
#include "check/network.h"
#include "check/report.h"
#include "config/config.h"

namespace postern::check {

// Checks the path of one target, step by step.
class TargetCheck {
 public:
  // All references must outlive the object.
  TargetCheck(const config::Target& target, const config::CommandLine& command_line,
              Report& report);

  // Checks only files, certificates and a mounted credential. Uses no network.
  void reportFiles();
  // Checks to the end, or until no further step can be tried. Uses `daemon` for what it serves.
  void run(LocalDaemon& daemon, Network& network);

 private:
  config::Target tokenEndpoint() const;
  void examineDatabaseFiles();
  std::string examineTokenEndpoint();
  bool examineCredential(const LocalDaemon& daemon);
  bool askDatabase(const LocalDaemon& daemon);
  bool carriesCredential() const;
  void scrapeThroughDaemon(LocalDaemon& daemon);
  void scrapeLocally(const LocalDaemon& daemon, const std::string& failed);
  std::string whyNotLocally(const LocalDaemon& daemon, const std::string& failed) const;
  void announceLogin() const;
  LocalScrape& own();

  const config::Target& target_;
  const config::CommandLine& command_line_;
  Report& report_;
  Network* network_ = nullptr;        // set by run()
  std::unique_ptr<LocalScrape> own_;  // made when it is needed
};

}  // namespace postern::check
