#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "exposition/text_checker.h"

namespace postern::exposition {

// Whether any limit is set that the two below check.
bool limitsSamples(const Limits& limits);

// Prometheus' sample_limit. Error: Limit.
Result<void> checkSampleLimit(const Limits& limits, std::size_t samples);

// Prometheus' label_limit, label_name_length_limit and label_value_length_limit, for the labels
// of one sample of `metric`. With `escaped`, values count as long as they are without their
// escapes. Error: Limit, which names the limit and the metric.
Result<void> checkLabelLimits(const Limits& limits, std::string_view metric,
                              std::span<const Label> labels, bool escaped);

}  // namespace postern::exposition
