#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "config/target.h"
#include "doctor/report.h"
#include "doctor/told.h"

namespace postern::doctor {

// By the word of the table of faults.
std::optional<Fault> faultNamed(const std::string& name);

// What a scraper got.
struct Got {
  std::optional<Fault> fault;  // none: a page
  std::size_t bytes = 0;
  std::size_t series = 0;
  std::string unknown;  // why it could not be seen, or empty
};

// The steps of a scrape that has been made: login, each page, rules, scraper. `told` is what was
// known of the target after it.
void reportScrape(const config::Target& target, const Told& told, const Got& got, Report& report);

// How the session of a target stands, when nothing is sent.
Step sessionStep(const config::Target& target, const Told& told);
// A login that waits: why, until when, and what ends it.
Step waitStep(const config::Target& target, const Told& told);
// The steps from `first` ("login", "page", "rules") to the last, not tried and why.
void reportNotTried(const config::Target& target, std::string_view first, const std::string& why,
                    Report& report);

}  // namespace postern::doctor
