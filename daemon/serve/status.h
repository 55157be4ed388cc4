#pragma once

#include <string>

#include "serve/own_metrics.h"
#include "serve/target_view.h"

namespace postern::serve {

// All that is known of the process and its targets, for GET /api/v1/status: JSON as
// tests/data/status/schema.json describes it. Never a secret.
std::string status(const TargetViews& targets, const Self& self, SystemTime now);

}  // namespace postern::serve
