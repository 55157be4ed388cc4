#pragma once

#include <string>

#include "serve/request_stats.h"
#include "serve/targets.h"

namespace postern::serve {

// What the process knows of itself besides its targets.
struct Self {
  std::string version;
  std::string revision;
  bool reload_successful = true;  // the last load of the configuration
  SystemTime reloaded;            // the last successful one
  RequestStats::All requests;
  std::size_t connections = 0;
};

// Everything, for /-/metrics: text 0.0.4 with HELP and TYPE.
std::string ownMetrics(const Targets& targets, const Self& self);
// What append_self puts into a target's page: without process_* and postern_page_up,
// which belong to the process and to the page.
std::string ownMetricsForPage(const Targets& targets, const Self& self);

}  // namespace postern::serve
