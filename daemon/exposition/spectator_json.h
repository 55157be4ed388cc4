#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/spectator.h"

namespace postern::exposition {

using SpectatorOptions = config::Spectator;

struct SpectatorPage {
  std::string text;             // Prometheus text 0.0.4
  std::size_t nan_dropped = 0;  // values that were the string "NaN"
};

// Spinnaker's /spectator/metrics (JSON), by the rules of Spinnaker's own monitoring daemon:
//
// - Counter, Timer, Distribution, DistributionSummary and their Percentile forms are counters and
//   get _total; every other kind is a gauge. A tag `statistic` goes into the name as __X.
// - Names begin with the service, or each series has the labels spin_service and spin_variant: the
//   service, split at its first `-`; the variant may be empty. What a name must not hold becomes
//   `_`, and so does goes in front of a leading digit.
// - All series of a family have the same labels, in alphabetical order; one that is missing is
//   empty. Of several values the first counts; timestamps are dropped. The string "NaN" is passed
//   over and counted, so that a series with nothing else disappears, as does one without values.
//   Numbers are copied as text.
// - Meters whose names become one are one family, of the type that came first. There is no HELP.
//
// Errors: Format (says where), also when two meters become the same series or two tags of a series
// the same label, because no page could carry both; Empty when no sample is left; Limit when the
// labels that are filled in make the text far larger than the page (16 times, and 1 MiB).
// Thread-safe; memory is a few times that of the page and of its text.
Result<SpectatorPage> readSpectator(std::string_view json, const SpectatorOptions& options);

}  // namespace postern::exposition
