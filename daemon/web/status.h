#pragma once

#include <string>

#include "web/self_metrics.h"
#include "web/target_view.h"

namespace postern::web {

// The state of the process and its targets for GET /api/v1/status: JSON of the schema
// tests/data/status/schema.json. Never contains a secret.
std::string status(const TargetViews& targets, const Self& self, SystemTime now);

}  // namespace postern::web
