#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exposition/json.h"
#include "presets/spinnaker/spectator_options.h"

// Spectator's meters and their conversion to text. All views point into the page that was read.
namespace postern::presets::spinnaker {

struct SpectatorTag {
  std::string_view key;
  std::string_view value;
};

struct SpectatorSeries {
  std::vector<SpectatorTag> tags;             // without `statistic`
  std::optional<std::string_view> statistic;  // the value of the first tag of that name
  std::string_view value;                     // valid for Prometheus' parser
};

struct SpectatorMeter {
  std::string_view name;
  bool counter = false;
  std::vector<SpectatorSeries> series;
};

// Writes the meters as Prometheus text 0.0.4, by the rules of readSpectator(). Errors: Format, and
// Limit by `growth`.
Result<std::string> writeSpectator(std::string_view service,
                                   const std::vector<SpectatorMeter>& meters,
                                   const SpectatorOptions& options, exposition::JsonGrowth& growth);

}  // namespace postern::presets::spinnaker
