#pragma once

#include "serve/metric.h"
#include "serve/target_view.h"

namespace postern::serve {

// postern's own metrics with the label `target`.
std::span<const Metric<TargetView>> targetMetrics();

}  // namespace postern::serve
