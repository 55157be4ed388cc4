#pragma once

#include <string>

#include "serve/json.h"
#include "serve/targets.h"

namespace postern::serve {

// A JSON answer of /health; `well` decides between 200 and 503.
struct HealthAnswer {
  std::string json;
  bool well = true;
};

// Every target with its state; the state of all is the worst of them. One that is unknown counts as
// well: nothing is known to be wrong.
HealthAnswer health(const Targets& targets);
// None yet, for the configuration is awaited: `why`.
HealthAnswer awaitedHealth(const std::string& why);
// One target, with all nodes that its own health page told.
HealthAnswer health(const scrape::Target& target);

// What the service says of itself: `healthy` (null: unknown), `as_of` (when its page was read) and
// `failing_nodes` with `node`, `role` and `reason`. Null when no page of the target tells it.
Json serviceHealth(const scrape::Target& target, const scrape::Counts& counts);

}  // namespace postern::serve
