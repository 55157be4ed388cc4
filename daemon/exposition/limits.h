#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "config/limits.h"
#include "exposition/line.h"

namespace postern::exposition {

// Whether any limit of labels is set.
bool limitsLabels(const config::Limits& limits);

// Prometheus' sample_limit. Error: Limit.
Result<void> checkSampleLimit(const config::Limits& limits, std::size_t samples);

// Prometheus' label_limit, label_name_length_limit and label_value_length_limit, for the labels of
// one sample of `metric` and `more` others that are within the limits. The length of a value counts
// without escapes. Error: Limit, with the limit and the metric.
Result<void> checkLabelLimits(const config::Limits& limits, std::string_view metric,
                              std::span<const Label> labels, std::size_t more);

}  // namespace postern::exposition
