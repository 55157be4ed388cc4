#pragma once

#include <string>

#include "web/json.h"
#include "web/target_view.h"

namespace postern::web {

// A JSON answer of /health. `well` selects 200 or 503.
struct HealthAnswer {
  std::string json;
  bool well = true;
};

// Every target with its state. The state of all is the worst one. An unknown one counts as healthy.
HealthAnswer health(const TargetViews& targets);
// While postern waits for its configuration: no targets, and `why`.
HealthAnswer awaitedHealth(const std::string& why);
// One target, with all nodes of its health page.
HealthAnswer health(const TargetView& target);

// What the service reports about itself: `healthy` (null: unknown), `as_of` (when its page was
// read) and `failing_nodes` with `node`, `role` and `reason`. Null when the target has no health
// page.
OrderedJson serviceHealth(const TargetView& target);

}  // namespace postern::web
