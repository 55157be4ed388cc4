#pragma once

#include <string>

#include "serve/targets.h"

namespace postern::serve {

// A JSON answer of /health; `well` decides between 200 and 503.
struct HealthAnswer {
  std::string json;
  bool well = true;
};

// Every target with its state: "ok", "failing", or "unknown" when it has not been scraped
// yet, which counts as well.
HealthAnswer health(const Targets& targets);
// None yet, for the configuration is awaited: `why`.
HealthAnswer awaitedHealth(const std::string& why);
// One target, with the nodes that its own health page told.
HealthAnswer health(const scrape::Target& target);

}  // namespace postern::serve
