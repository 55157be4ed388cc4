#include "app/inject_page.h"

#include <string_view>

#include "base/version.h"
#include "serve/metrics_text.h"
#include "serve/own_metrics.h"
#include "serve/process.h"

namespace postern::app {
namespace {

void send(http::ResponseSink& sink, int status, std::string_view text) {
  http::ResponseHead head;
  head.status = status;
  sink.send(head, text);
}

}  // namespace

std::string InjectPage::metrics() const {
  serve::MetricsText text;
  serve::writeBuild(text, version(), revision());
  text.family("postern_inject_requests_total", "counter",
              "Requests to the webhook, by what became of them.");
  const auto counts = sources_.counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    text.sample({{"result", kube::kVerdictNames[i]}}, counts[i]);
  }
  text.family("postern_inject_api_requests_total", "counter",
              "Requests to the API server, by what became of them.");
  const auto asked = sources_.api_requests();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    text.sample({{"result", kube::kOutcomeNames[i]}}, asked[i]);
  }
  text.family("postern_inject_native_sidecar", "gauge",
              "Whether pods get the sidecar as an init container that goes on.");
  text.sample({}, sources_.native_sidecars() ? 1.0 : 0.0);
  text.family("postern_inject_missed_pods", "gauge",
              "Pods that ask for a sidecar and have none, by namespace.");
  for (const auto& [name, pods] : sources_.missed_pods()) text.sample({{"namespace", name}}, pods);
  text.family("postern_inject_certificate_not_after_timestamp_seconds", "gauge",
              "When the certificate that the webhook serves with expires.");
  if (const auto expiry = sources_.not_after()) text.sample({}, unixSeconds(*expiry));
  serve::writeFront(text, sources_.front());
  serve::writeProcess(text, serve::readProcess());
  return text.take();
}

void InjectPage::handle(const http::Request& request, http::ResponseSink& sink) const {
  const auto& path = request.path;
  const bool ready = path == "/-/ready" || path == "/readyz";
  const bool live = path == "/-/healthy" || path == "/livez" || path == "/healthz";
  const bool metrics_asked = path == "/-/metrics" || path == "/metrics";
  if (!ready && !live && !metrics_asked) {
    return send(sink, 404, "there are /-/healthy, /-/ready and /-/metrics\n");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    http::ResponseHead head;
    head.status = 405;
    head.headers.emplace_back("Allow", "GET, HEAD");
    return sink.send(head, "only GET and HEAD are answered here\n");
  }
  if (live) return send(sink, 200, "postern inject is healthy.\n");
  if (metrics_asked) {
    http::ResponseHead head;
    head.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return sink.send(head, metrics());
  }
  if (sources_.ready()) return send(sink, 200, "postern inject is ready.\n");
  send(sink, 503, "postern inject is not ready: it has no serving certificate yet\n");
}

}  // namespace postern::app
