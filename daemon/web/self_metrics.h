#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/server.h"
#include "web/metrics_text.h"
#include "web/process.h"
#include "web/request_stats.h"
#include "web/target_view.h"
#include "web/web_config_store.h"

namespace postern::web {

// The layers of the sandbox: "off", "on", or the kernel's version of the layer.
struct SandboxState {
  std::string mode = "off";
  std::string seccomp = "off";
  std::string landlock = "off";
  std::uint64_t refused_calls = 0;
};

// The state of the process besides its targets.
struct Self {
  std::string version;
  std::string revision;
  bool reload_successful = true;  // whether the last load of the configuration succeeded
  SystemTime reloaded;            // when a load last succeeded
  RequestStats::All requests;
  http::ServerCounts listener = {};
  SystemTime started;
  std::string config_file;         // empty: the only target comes from flags
  std::string config_fingerprint;  // of the served configuration, see config/description.h
  WebConfigStatus web_config = {};
  SandboxState sandbox = {};
};

// All families for /-/metrics: text 0.0.4 with HELP and TYPE.
std::string selfMetrics(const TargetViews& targets, const Self& self);
// The families that append_self adds to a target's page: without process_* and postern_page_up,
// which belong to the process and to the page.
std::string selfMetricsForPage(const TargetViews& targets, const Self& self);

// The build information of every command that serves.
void writeBuild(MetricsText& text, std::string_view version, std::string_view revision);
void writeListener(MetricsText& text, const http::ServerCounts& listener);
void writeProcess(MetricsText& text, const Process& process);

}  // namespace postern::web
