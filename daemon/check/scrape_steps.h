#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "check/report.h"
#include "check/status_document.h"
#include "config/target.h"

namespace postern::check {

// The fault with this name in the table of faults.
std::optional<Fault> faultNamed(const std::string& name);

// The answer that a scraper got.
struct ScraperAnswer {
  std::optional<Fault> fault;  // not set: a page
  std::size_t bytes = 0;
  std::size_t series = 0;
  std::string unknown;  // why it is unknown, or empty
};

// The steps of a finished scrape: login, each page, rules, scraper. `status` is the target's state
// after it.
void reportScrape(const config::Target& target, const StatusDocument& status,
                  const ScraperAnswer& received, Report& report);

// The state of a target's session when nothing is sent.
Step sessionStep(const config::Target& target, const StatusDocument& status);
// A login that waits: the reason, the time until the next login, and what ends the wait.
Step waitStep(const config::Target& target, const StatusDocument& status);
// Reports the steps from `first` ("login", "page", "rules") to the last as not tried, and why.
void reportNotTried(const config::Target& target, std::string_view first, const std::string& why,
                    Report& report);

}  // namespace postern::check
