#include "app/inject_page.h"

#include <string>
#include <utility>

#include "base/version.h"
#include "web/metrics_text.h"
#include "web/process.h"
#include "web/self_metrics.h"

namespace postern::app {
namespace {

http::Reply textReply(int status, std::string text) {
  http::Reply reply;
  reply.head.status = status;
  reply.body = std::move(text);
  return reply;
}

}  // namespace

std::string InjectPage::metrics() const {
  web::MetricsText text;
  web::writeBuild(text, version(), revision());
  text.family("postern_inject_requests_total", "counter", "Requests to the webhook, by result.");
  const auto counts = sources_.webhook.counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    text.sample({{"result", kube::kReviewResultNames[i]}}, counts[i]);
  }
  text.family("postern_inject_api_requests_total", "counter",
              "Requests to the API server, by result.");
  const auto asked =
      sources_.tasks == nullptr ? kube::ApiClient::RequestCounts() : sources_.tasks->apiRequests();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    text.sample({{"result", kube::kApiOutcomeNames[i]}}, asked[i]);
  }
  text.family("postern_inject_native_sidecar", "gauge",
              "Whether pods get a native sidecar (a restartable init container).");
  text.sample({}, sources_.native_sidecars.load() ? 1.0 : 0.0);
  text.family("postern_inject_missed_pods", "gauge",
              "Pods that request a sidecar and have none, by namespace.");
  if (sources_.tasks != nullptr) {
    for (const auto& [name, pods] : sources_.tasks->uninjectedPods())
      text.sample({{"namespace", name}}, pods);
  }
  text.family("postern_inject_certificate_not_after_timestamp_seconds", "gauge",
              "When the serving certificate of the webhook expires.");
  if (const auto expiry = sources_.material.status().not_after)
    text.sample({}, unixSeconds(*expiry));
  web::writeListener(text, sources_.server.counts());
  web::writeProcess(text, web::readProcess());
  return text.take();
}

http::Reply InjectPage::answer(const http::Request& request) const {
  const auto& path = request.path;
  const bool ready = path == "/-/ready" || path == "/readyz";
  const bool live = path == "/-/healthy" || path == "/livez" || path == "/healthz";
  const bool metrics_asked = path == "/-/metrics" || path == "/metrics";
  if (!ready && !live && !metrics_asked)
    return textReply(404, "not found, expected /-/healthy, /-/ready or /-/metrics\n");
  if (request.method != "GET" && request.method != "HEAD") {
    auto reply = textReply(405, "only GET and HEAD are allowed\n");
    reply.head.headers.emplace_back("Allow", "GET, HEAD");
    return reply;
  }
  if (live) return textReply(200, "postern inject is healthy.\n");
  if (metrics_asked) {
    auto reply = textReply(200, metrics());
    reply.head.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return reply;
  }
  if (sources_.material.status().ready) return textReply(200, "postern inject is ready.\n");
  return textReply(503, "postern inject is not ready: it has no serving certificate yet\n");
}

}  // namespace postern::app
