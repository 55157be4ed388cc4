#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "web/metrics_text.h"

namespace postern::web {

// Some metrics show their counts as floating-point numbers: 1e+06, not 1000000.
constexpr double asDouble(std::uint64_t count) {
  return static_cast<double>(count);
}

// The pages that show a metric: postern's own pages only, or also a target's page with append_self.
enum class ShownOn : std::uint8_t { OwnPage, EveryPage };

// One row of a table of metrics: a family, and how to write its samples from a `View`.
template <typename View>
struct Metric {
  std::string_view name;
  std::string_view type;  // the name of text 0.0.4
  std::string_view help;
  void (*samples)(const View& view, MetricsText& text);  // writes any number of them
  ShownOn shown_on = ShownOn::EveryPage;
};

// Writes the families that `page` shows, in the order of the table, each with its samples of all
// views.
template <typename View>
void writeMetrics(std::span<const Metric<View>> table, std::span<const View> views, ShownOn page,
                  MetricsText& text) {
  for (const auto& metric : table) {
    if (page == ShownOn::EveryPage && metric.shown_on == ShownOn::OwnPage) continue;
    text.family(metric.name, metric.type, metric.help);
    for (const auto& view : views) metric.samples(view, text);
  }
}

}  // namespace postern::web
