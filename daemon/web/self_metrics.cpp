#include "web/self_metrics.h"

#include "web/metric.h"
#include "web/target_metrics.h"

namespace postern::web {
namespace {

using Text = MetricsText;

struct Build {
  std::string_view version;
  std::string_view revision;
};

void writeRequests(const Self& self, Text& text) {
  for (std::size_t i = 0; i < kHandlerNames.size(); ++i) {
    for (const auto& [code, count] : self.requests[i].by_code)
      text.sample({{"handler", kHandlerNames[i]}, {"code", std::to_string(code)}}, count);
  }
}

void writeRequestDurations(const Self& self, Text& text) {
  for (std::size_t i = 0; i < kHandlerNames.size(); ++i)
    text.histogram({{"handler", kHandlerNames[i]}}, self.requests[i].durations);
}

void writeRefusals(const WebConfigStatus& web, Text& text) {
  for (std::size_t i = 0; i < web.refused.size(); ++i)
    text.sample({{"reason", kRejectionNames[i]}}, web.refused[i]);
}

void writeWebCertificates(const WebConfigStatus& web, SystemTime tls::Validity::*bound,
                          Text& text) {
  if (web.server) text.sample({{"role", "server"}}, unixSeconds((*web.server).*bound));
  if (web.client_ca) text.sample({{"role", "client_ca"}}, unixSeconds((*web.client_ca).*bound));
}

constexpr Metric<Build> kBuild[] = {
    {"postern_build_info", "gauge", "The running version of postern.",
     [](const Build& build, Text& text) {
       text.sample({{"version", build.version}, {"revision", build.revision}}, 1.0);
     }},
};

constexpr Metric<Self> kConfig[] = {
    {"postern_config_last_reload_successful", "gauge",
     "Whether the last load of the configuration succeeded.",
     [](const Self& self, Text& text) { text.sample({}, self.reload_successful ? 1.0 : 0.0); }},
    {"postern_config_last_reload_success_timestamp_seconds", "gauge",
     "When the configuration was last loaded successfully.",
     [](const Self& self, Text& text) { text.sample({}, unixSeconds(self.reloaded)); }},
    {"postern_http_requests_total", "counter", "Requests to postern itself.", writeRequests},
    {"postern_http_request_duration_seconds", "histogram",
     "Duration of requests to postern itself.", writeRequestDurations},
};

constexpr Metric<http::ServerCounts> kListener[] = {
    {"postern_http_connections", "gauge", "Open connections to postern itself.",
     [](const http::ServerCounts& listener, Text& text) {
       text.sample({}, asDouble(listener.connections));
     }},
    {"postern_http_connections_total", "counter", "Connections to postern itself.",
     [](const http::ServerCounts& listener, Text& text) {
       text.sample({}, asDouble(listener.accepted));
     }},
    {"postern_http_busy_total", "counter",
     "Connections and requests that got 503 busy: a limit was reached, or no thread was free.",
     [](const http::ServerCounts& listener, Text& text) {
       text.sample({}, asDouble(listener.busy));
     }},
    {"postern_http_failed_handshakes_total", "counter",
     "TLS handshakes with postern itself that failed.",
     [](const http::ServerCounts& listener, Text& text) {
       text.sample({}, asDouble(listener.failed_handshakes));
     }},
};

constexpr Metric<SandboxState> kSandbox[] = {
    {"postern_sandbox_info", "gauge", "The active layers of the sandbox.",
     [](const SandboxState& sandbox, Text& text) {
       text.sample(
           {{"mode", sandbox.mode}, {"seccomp", sandbox.seccomp}, {"landlock", sandbox.landlock}},
           1.0);
     }},
    {"postern_sandbox_refused_calls_total", "counter",
     "System calls of postern that its sandbox refused.",
     [](const SandboxState& sandbox, Text& text) { text.sample({}, sandbox.refused_calls); }},
};

constexpr Metric<WebConfigStatus> kWebConfig[] = {
    {"postern_web_config_last_reload_successful", "gauge",
     "Whether the last load of the web configuration and its files succeeded.",
     [](const WebConfigStatus& web, Text& text) {
       text.sample({}, web.reload_successful ? 1.0 : 0.0);
     }},
    {"postern_web_config_last_reload_success_timestamp_seconds", "gauge",
     "When the web configuration was last loaded successfully.",
     [](const WebConfigStatus& web, Text& text) { text.sample({}, unixSeconds(web.reloaded)); }},
    {"postern_web_refusals_total", "counter", "Requests that access control refused, by reason.",
     writeRefusals},
    {"postern_web_certificate_not_after_timestamp_seconds", "gauge",
     "When the first certificate of the web configuration expires, by role.",
     [](const WebConfigStatus& web, Text& text) {
       writeWebCertificates(web, &tls::Validity::not_after, text);
     }},
    {"postern_web_certificate_not_before_timestamp_seconds", "gauge",
     "When that certificate became valid.",
     [](const WebConfigStatus& web, Text& text) {
       writeWebCertificates(web, &tls::Validity::not_before, text);
     }},
};

constexpr Metric<Process> kProcess[] = {
    {"process_cpu_seconds_total", "counter", "CPU time, user and system.",
     [](const Process& process, Text& text) { text.sample({}, process.cpu_seconds); }},
    {"process_resident_memory_bytes", "gauge", "Resident memory.",
     [](const Process& process, Text& text) { text.sample({}, asDouble(process.resident_bytes)); }},
    {"process_open_fds", "gauge", "Open file descriptors.",
     [](const Process& process, Text& text) { text.sample({}, asDouble(process.open_fds)); }},
    {"process_start_time_seconds", "gauge", "When the process started, since the Unix epoch.",
     [](const Process& process, Text& text) { text.sample({}, process.start_time_seconds); }},
};

// A table of families that exist once.
template <typename View, std::size_t kRows>
void write(const Metric<View> (&table)[kRows], const View& view, Text& text) {
  writeMetrics<View>(table, std::span(&view, 1), ShownOn::OwnPage, text);
}

void writeSelf(const Self& self, Text& text) {
  writeBuild(text, self.version, self.revision);
  write(kConfig, self, text);
  writeListener(text, self.listener);
  write(kSandbox, self.sandbox, text);
}

}  // namespace

void writeBuild(MetricsText& text, std::string_view version, std::string_view revision) {
  write(kBuild, {version, revision}, text);
}

void writeListener(MetricsText& text, const http::ServerCounts& listener) {
  write(kListener, listener, text);
}

void writeProcess(MetricsText& text, const Process& process) {
  write(kProcess, process, text);
}

std::string selfMetrics(const TargetViews& targets, const Self& self) {
  MetricsText text;
  writeSelf(self, text);
  if (self.web_config.configured) write(kWebConfig, self.web_config, text);
  writeMetrics<TargetView>(targetMetrics(), targets, ShownOn::OwnPage, text);
  writeProcess(text, readProcess());
  return text.take();
}

std::string selfMetricsForPage(const TargetViews& targets, const Self& self) {
  MetricsText text;
  writeSelf(self, text);
  writeMetrics<TargetView>(targetMetrics(), targets, ShownOn::EveryPage, text);
  return text.take();
}

}  // namespace postern::web
