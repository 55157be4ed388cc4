#pragma once

#include "web/metric.h"
#include "web/target_view.h"

namespace postern::web {

// postern's own metrics with the label `target`.
std::span<const Metric<TargetView>> targetMetrics();

}  // namespace postern::web
