#include "serve/service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/printable.h"
#include "serve/aliases.h"
#include "serve/assets.h"
#include "serve/health.h"
#include "serve/html.h"
#include "serve/page.h"
#include "serve/samples.h"
#include "serve/status.h"
#include "serve/story.h"

namespace postern::serve {
namespace {

constexpr std::string_view kPagePrefix = "/metrics/";
constexpr std::string_view kHealthPrefix = "/health/";
constexpr std::string_view kHeartbeat = "/heartbeat";
constexpr std::string_view kSamplesSuffix = "/display";
constexpr std::string_view kSanitySuffix = "/sanity";

// The name in "<prefix><name><suffix>", if the path is that; a name holds no slash.
std::optional<std::string_view> nameBetween(std::string_view path, std::string_view prefix,
                                            std::string_view suffix) {
  if (!path.starts_with(prefix) || !path.ends_with(suffix)) return std::nullopt;
  if (path.size() < prefix.size() + suffix.size()) return std::nullopt;
  return path.substr(prefix.size(), path.size() - prefix.size() - suffix.size());
}

int send(http::ResponseSink& sink, int status, std::string_view body) {
  http::ResponseHead head;
  head.status = status;
  sink.send(head, body);
  return status;
}

int answerUnknown(std::string_view name, http::ResponseSink& sink) {
  return answerWithFault(printable(name), {Fault::UnknownTarget, "no target has this name", "", {}},
                         sink);
}

}  // namespace

struct Service::Route {
  Handler handler;
  int (Service::*answer)(const http::Request&, http::ResponseSink&);
  std::string_view methods;  // for Allow
};

Service::Service(Options options, Process process)
    : options_(std::move(options)), process_(std::move(process)) {}

Service::Route Service::route(std::string_view path) {
  constexpr std::string_view kRead = "GET, HEAD";
  if (nameBetween(path, kPagePrefix, kSamplesSuffix))
    return {Handler::Display, &Service::answerSamples, kRead};
  if (nameBetween(path, kHealthPrefix, kSanitySuffix))
    return {Handler::Health, &Service::answerSanity, kRead};
  if (path == "/metrics" || path == "/prometheus_metrics" || path.starts_with(kPagePrefix))
    return {Handler::Page, &Service::answerPage, kRead};
  if (path == "/health" || path.starts_with(kHealthPrefix))
    return {Handler::Health, &Service::answerHealth, kRead};
  if (path == "/-/metrics") return {Handler::Self, &Service::answerSelf, kRead};
  for (const std::string_view live : {"/-/healthy", "/-/ready", "/healthz", "/livez", "/readyz"}) {
    if (path == live) return {Handler::Live, &Service::answerLive, kRead};
  }
  if (path == kHeartbeat) return {Handler::Live, &Service::answerHeartbeat, kRead};
  for (const std::string_view former : {"/stats", "/external"}) {
    if (path == former) return {Handler::Status, &Service::answerFormerName, kRead};
  }
  if (path == "/-/reload") return {Handler::Reload, &Service::answerReload, "POST, PUT"};
  if (path == "/api/v1/status") return {Handler::Status, &Service::answerStatus, kRead};
  if (path == "/") return {Handler::Index, &Service::answerIndex, kRead};
  return {Handler::None, &Service::answerNothing, ""};
}

std::optional<std::string_view> Service::withoutPrefix(const std::string& path) const {
  const auto& prefix = options_.route_prefix;
  if (!path.starts_with(prefix)) return std::nullopt;
  const auto rest = std::string_view(path).substr(prefix.size());
  if (!rest.starts_with('/')) return std::nullopt;
  return rest;
}

void Service::handle(const http::Request& request, http::ResponseSink& sink) {
  if (options_.route_prefix.empty()) return answer(route(request.path), request, sink);
  if (request.path == options_.route_prefix) {
    // Pages for people name others relative to themselves.
    http::ResponseHead head;
    head.status = 308;
    head.headers.emplace_back("Location", options_.route_prefix + "/");
    return sink.send(head, "");
  }
  auto inner = request;
  const auto path = withoutPrefix(request.path);
  inner.path = path ? *path : std::string_view();
  answer(route(inner.path), inner, sink);
}

void Service::handleHealth(const http::Request& request, http::ResponseSink& sink) {
  const auto found = route(request.path);
  const bool served = found.handler == Handler::Live || found.handler == Handler::Self ||
                      found.handler == Handler::Index || request.path == "/api/v1/status";
  answer(served ? found : route({}), request, sink);
}

bool Service::quick(const http::Request& request) const {
  const auto path = withoutPrefix(request.path);
  const auto handler = path ? route(*path).handler : Handler::None;
  return handler != Handler::Page && handler != Handler::Display && handler != Handler::Reload;
}

bool Service::isHeartbeat(const http::Request& request) const {
  return withoutPrefix(request.path) == kHeartbeat;
}

void Service::answer(const Route& found, const http::Request& request, http::ResponseSink& sink) {
  const auto began = std::chrono::steady_clock::now();
  int status = 405;
  const bool allowed = found.methods.empty() ||
                       (", " + std::string(found.methods) + ",").find(" " + request.method + ",") !=
                           std::string::npos;
  if (allowed) {
    const auto answer = awaits(found.handler) ? &Service::answerAwaiting : found.answer;
    status = (this->*answer)(request, sink);
  } else {
    http::ResponseHead head;
    head.status = status;
    head.headers.emplace_back("Allow", found.methods);
    sink.send(head, "this path takes " + std::string(found.methods) + "\n");
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  requests_.answered(found.handler, status, took.count());
}

bool Service::awaits(Handler handler) const {
  if (options_.awaiting.empty() || handler == Handler::Live || handler == Handler::None)
    return false;
  return options_.closed || handler != Handler::Self;
}

int Service::answerAwaiting(const http::Request& request, http::ResponseSink& sink) {
  const FaultInfo& info = faultInfo(Fault::Config);
  http::ResponseHead head;
  head.status = info.http_status;
  head.reason = info.name;
  std::string body =
      std::string(info.name) + ": " + options_.awaiting + "; " + std::string(info.next) + "\n";
  if (route(request.path).handler == Handler::Health) {
    head.content_type = "application/json";
    body = awaitedHealth(options_.awaiting).json;
  }
  sink.send(head, body);
  return head.status;
}

int Service::answerPage(const http::Request& request, http::ResponseSink& sink) {
  const auto targets = process_.targets();
  const bool debug = asksForDebug(request.query);
  if (debug && !options_.debug)
    return send(sink, 403, "debugging is off; --web.enable-debug turns it on\n");
  auto target = targets->all.front();
  if (request.path.starts_with(kPagePrefix)) {
    const auto name = std::string_view(request.path).substr(kPagePrefix.size());
    target = targets->find(name);
    if (!target) return answerUnknown(name, sink);
  }
  if (debug) return answerWithStory(*target, request, options_.timeout_offset, sink);
  return answerWithPage(*target, request, options_.timeout_offset, sink);
}

int Service::answerHealth(const http::Request& request, http::ResponseSink& sink) {
  const auto targets = process_.targets();
  const bool below = request.path == kHealthPrefix;
  const bool all = below || request.path == "/health";
  if (all && options_.status_page && prefersHtml(request))
    return answerWithHealthTable(viewsOf(*targets), below ? ".." : ".", sink);
  HealthAnswer answer;
  if (!all) {
    const auto name = std::string_view(request.path).substr(kHealthPrefix.size());
    const auto target = targets->find(name);
    if (!target) return answerUnknown(name, sink);
    answer = health(viewOf(*target));
  } else {
    answer = health(viewsOf(*targets));
  }
  http::ResponseHead head;
  head.status = answer.well ? 200 : 503;
  head.content_type = "application/json";
  sink.send(head, answer.json);
  return head.status;
}

// Liveness is that we answer; readiness, that the first material is loaded, that of our own door
// too. Neither asks the upstream.
int Service::answerLive(const http::Request& request, http::ResponseSink& sink) {
  const bool asks_ready = request.path == "/-/ready" || request.path == "/readyz";
  if (!asks_ready) return send(sink, 200, "postern is healthy.\n");
  if (!options_.awaiting.empty()) return answerAwaiting(request, sink);
  // Only the listener for probes is left to hear it.
  if (const auto lock = process_.self(requests_).lock; lock.closed) {
    return send(sink, 503,
                "postern is not ready: web configuration: " + lock.error +
                    "; until then every connection to --web.listen-address is refused, and the "
                    "files are looked at again every second\n");
  }
  for (const auto& target : viewsOf(*process_.targets())) {
    const auto& material = target.material().status;
    if (material.loaded) continue;
    return send(
        sink, 503,
        "postern is not ready: target " + target.config->name + ": tls: " + material.error + "\n");
  }
  return send(sink, 200, "postern is ready.\n");
}

int Service::answerSelf(const http::Request&, http::ResponseSink& sink) {
  http::ResponseHead head;
  head.content_type = kTextContentType;
  sink.send(head, ownMetrics(viewsOf(*process_.targets()), process_.self(requests_)));
  return head.status;
}

std::string Service::selfPage() const {
  return ownMetricsForPage(viewsOf(*process_.targets()), process_.self(requests_));
}

std::uint64_t Service::scrapes() const {
  std::uint64_t sum = 0;
  const auto all = requests_.all();
  for (const auto& [code, count] : all[static_cast<std::size_t>(Handler::Page)].by_code)
    sum += count;
  return sum;
}

int Service::answerReload(const http::Request&, http::ResponseSink& sink) {
  if (!options_.lifecycle)
    return send(sink, 403, "reloading by request is off; --web.enable-lifecycle turns it on\n");
  const std::string complaints = process_.reload();
  if (complaints.empty()) return send(sink, 200, "the configuration was reloaded\n");
  return send(sink, 500,
              "the configuration was not reloaded, the running one stays:\n" + complaints);
}

int Service::answerStatus(const http::Request&, http::ResponseSink& sink) {
  const auto targets = viewsOf(*process_.targets());
  http::ResponseHead head;
  head.content_type = "application/json";
  head.headers.emplace_back("Cache-Control", "no-store");
  sink.send(head, status(targets, process_.self(requests_), targets.front().now));
  return head.status;
}

int Service::answerSamples(const http::Request& request, http::ResponseSink& sink) {
  if (!options_.status_page) return answerNothing(request, sink);
  const auto name = *nameBetween(request.path, kPagePrefix, kSamplesSuffix);
  const auto target = process_.targets()->find(name);
  if (!target) return answerUnknown(name, sink);
  return answerWithSamples(*target, request, options_.timeout_offset, sink);
}

int Service::answerSanity(const http::Request& request, http::ResponseSink& sink) {
  const auto name = *nameBetween(request.path, kHealthPrefix, kSanitySuffix);
  const auto target = process_.targets()->find(name);
  if (!target) return answerUnknown(name, sink);
  return answerWithSanity(*target, request, options_.timeout_offset, sink);
}

int Service::answerHeartbeat(const http::Request&, http::ResponseSink& sink) {
  http::ResponseHead head;
  head.content_type = "application/json";
  sink.send(head, heartbeat());
  return head.status;
}

// What Ultronex answers at these paths.
int Service::answerFormerName(const http::Request& request, http::ResponseSink& sink) {
  http::ResponseHead head;
  head.content_type = "application/json";
  if (request.path == "/stats") {
    sink.send(head, statistics(viewsOf(*process_.targets()), process_.self(requests_)));
  } else {
    sink.send(head, externalErrors(viewsOf(*process_.targets())));
  }
  return head.status;
}

// The page asks /api/v1/status for all that it shows.
int Service::answerIndex(const http::Request& request, http::ResponseSink& sink) {
  if (!options_.status_page) return answerNothing(request, sink);
  const HtmlAnswer answer;
  const auto head = answer.head();
  sink.send(head, answer.fill(kStatusPage));
  return head.status;
}

int Service::answerNothing(const http::Request&, http::ResponseSink& sink) {
  return send(sink, 404, "nothing is served at this path; the README lists what is\n");
}

}  // namespace postern::serve
