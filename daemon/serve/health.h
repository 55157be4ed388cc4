#pragma once

#include <string>

#include "serve/json.h"
#include "serve/target_view.h"

namespace postern::serve {

// A JSON answer of /health; `well` decides between 200 and 503.
struct HealthAnswer {
  std::string json;
  bool well = true;
};

// Every target with its state; the state of all is the worst of them. One that is unknown counts as
// well: nothing is known to be wrong.
HealthAnswer health(const TargetViews& targets);
// None yet, for the configuration is awaited: `why`.
HealthAnswer awaitedHealth(const std::string& why);
// One target, with all nodes that its own health page told.
HealthAnswer health(const TargetView& target);

// What the service says of itself: `healthy` (null: unknown), `as_of` (when its page was read) and
// `failing_nodes` with `node`, `role` and `reason`. Null when no page of the target tells it.
Json serviceHealth(const TargetView& target);

}  // namespace postern::serve
