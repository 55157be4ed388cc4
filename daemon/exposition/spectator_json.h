#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::exposition {

struct SpectatorOptions {
  bool service_label =
      false;  // labels spin_service and spin_variant instead of a prefix of each name
  bool standard_notation = false;  // `_` instead of `:` for `.` and `/` in names
};

struct SpectatorPage {
  std::string text;             // Prometheus text 0.0.4
  std::size_t nan_dropped = 0;  // values that were the string "NaN"
};

// Spinnaker's /spectator/metrics (JSON). Errors: Format (says where).
Result<SpectatorPage> readSpectator(std::string_view json, const SpectatorOptions& options);

}  // namespace postern::exposition
