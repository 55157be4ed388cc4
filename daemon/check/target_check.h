#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "check/daemon.h"
#include "check/network.h"
#include "check/local_scrape.h"
#include "check/report.h"

namespace postern::check {

// Checks the path of one target, step by step.
class TargetCheck {
 public:
  // All references must outlive the object.
  TargetCheck(const config::Target& target, const config::CommandLine& command_line, Report& report);

  // Checks only files, certificates and a mounted credential. Uses no network.
  void lookAtFiles();
  // Checks to the end, or until no further step can be tried. Uses `daemon` for what it serves.
  void go(Daemon& daemon, Network& network);

 private:
  config::Target tokenEndpoint() const;
  void examineDatabaseFiles();
  std::string examineTokenEndpoint();
  bool examineCredential(const Daemon& daemon);
  bool askDatabase(const Daemon& daemon);
  bool carriesCredential() const;
  void scrapeThrough(Daemon& daemon);
  void scrapeByOurselves(const Daemon& daemon, const std::string& failed);
  std::string whyNotByOurselves(const Daemon& daemon, const std::string& failed) const;
  void announceLogin() const;
  LocalScrape& own();

  const config::Target& target_;
  const config::CommandLine& command_line_;
  Report& report_;
  Network* network_ = nullptr;      // set by go()
  std::unique_ptr<LocalScrape> own_;  // made when it is needed
};

}  // namespace postern::check
