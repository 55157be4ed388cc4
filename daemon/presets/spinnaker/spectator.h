#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "presets/spinnaker/spectator_options.h"

namespace postern::presets::spinnaker {

using SpectatorOptions = SpectatorOptions;

struct SpectatorPage {
  std::string text;             // Prometheus text 0.0.4
  std::size_t nan_dropped = 0;  // values that were the string "NaN"
};

// Spinnaker's /spectator/metrics (JSON), by the rules of Spinnaker's own monitoring daemon:
//
// - Counter, Timer, Distribution, DistributionSummary and their Percentile forms are counters and
//   get _total. Every other kind is a gauge. A tag `statistic` becomes a part of the name, as __X.
// - Names begin with the service, or each series has the labels spin_service and spin_variant: the
//   service, split at its first `-`. The variant may be empty. Invalid characters of a name become
//   `_`, and a leading digit gets one in front.
// - All series of a family have the same labels, in alphabetical order. A missing one is empty. Of
//   several values the first counts. Timestamps are dropped. The string "NaN" is skipped and
//   counted. So a series with nothing else disappears, like one without values. Numbers are copied
//   as text.
// - Meters whose names become equal are one family, with the type of the first. HELP is omitted.
//
// Errors: Format (with the place), also when two meters become the same series or two tags of a
// series the same label, because no page could contain both; Empty when no sample is left; Limit
// when the labels that are filled in make the text far larger than the page (16 times, and 1 MiB).
// Thread-safe. Needs a few times the memory of the page and of its text.
Result<SpectatorPage> readSpectator(std::string_view json, const SpectatorOptions& options);

}  // namespace postern::presets::spinnaker
