#pragma once

#include <string>

#include "serve/own_metrics.h"
#include "serve/targets.h"

namespace postern::serve {

// All that is known of the process and its targets, for GET /api/v1/status: JSON as
// tests/data/status/schema.json describes it. Never a secret.
std::string status(const Targets& targets, const Self& self, SystemTime now);

}  // namespace postern::serve
