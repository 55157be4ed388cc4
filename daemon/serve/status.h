#pragma once

#include <string>

#include "serve/own_metrics.h"
#include "serve/target_view.h"

namespace postern::serve {

// The state of the process and its targets for GET /api/v1/status: JSON of the schema
// tests/data/status/schema.json. Never contains a secret.
std::string status(const TargetViews& targets, const Self& self, SystemTime now);

}  // namespace postern::serve
