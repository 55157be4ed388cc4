#include "serve/service.h"

#include <algorithm>
#include <utility>

#include "base/printable.h"
#include "serve/health.h"
#include "serve/page.h"

namespace postern::serve {
namespace {

constexpr std::string_view kPagePrefix = "/metrics/";
constexpr std::string_view kHealthPrefix = "/health/";

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
    : options_(options), process_(std::move(process)) {}

Service::Route Service::route(const std::string& path) {
  constexpr std::string_view kRead = "GET, HEAD";
  if (path == "/metrics" || path.starts_with(kPagePrefix))
    return {Handler::Page, &Service::answerPage, kRead};
  if (path == "/health" || path.starts_with(kHealthPrefix))
    return {Handler::Health, &Service::answerHealth, kRead};
  if (path == "/-/metrics") return {Handler::Self, &Service::answerSelf, kRead};
  for (const std::string_view live : {"/-/healthy", "/-/ready", "/healthz", "/livez", "/readyz"}) {
    if (path == live) return {Handler::Live, &Service::answerLive, kRead};
  }
  if (path == "/-/reload") return {Handler::Reload, &Service::answerReload, "POST, PUT"};
  if (path == "/") return {Handler::Index, &Service::answerIndex, kRead};
  return {Handler::None, &Service::answerNothing, ""};
}

void Service::handle(const http::Request& request, http::ResponseSink& sink) {
  const auto began = std::chrono::steady_clock::now();
  const Route found = route(request.path);
  int status = 405;
  const bool allowed = found.methods.empty() ||
                       (", " + std::string(found.methods) + ",").find(" " + request.method + ",") !=
                           std::string::npos;
  if (allowed) {
    status = (this->*found.answer)(request, sink);
  } else {
    http::ResponseHead head;
    head.status = status;
    head.headers.emplace_back("Allow", found.methods);
    sink.send(head, "this path takes " + std::string(found.methods) + "\n");
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  requests_.answered(found.handler, status, took.count());
}

int Service::answerPage(const http::Request& request, http::ResponseSink& sink) {
  const auto targets = process_.targets();
  if (!request.path.starts_with(kPagePrefix)) {
    return answerWithPage(*targets->all.front(), request, options_.timeout_offset, sink);
  }
  const auto name = std::string_view(request.path).substr(kPagePrefix.size());
  const auto target = targets->find(name);
  if (!target) return answerUnknown(name, sink);
  return answerWithPage(*target, request, options_.timeout_offset, sink);
}

int Service::answerHealth(const http::Request& request, http::ResponseSink& sink) {
  const auto targets = process_.targets();
  HealthAnswer answer;
  if (request.path.starts_with(kHealthPrefix)) {
    const auto name = std::string_view(request.path).substr(kHealthPrefix.size());
    const auto target = targets->find(name);
    if (!target) return answerUnknown(name, sink);
    answer = health(*target);
  } else {
    answer = health(*targets);
  }
  http::ResponseHead head;
  head.status = answer.well ? 200 : 503;
  head.content_type = "application/json";
  sink.send(head, answer.json);
  return head.status;
}

// Liveness is that we answer; readiness, that the first material is loaded. Neither asks the
// upstream.
int Service::answerLive(const http::Request& request, http::ResponseSink& sink) {
  const bool asks_ready = request.path == "/-/ready" || request.path == "/readyz";
  if (!asks_ready) return send(sink, 200, "postern is healthy.\n");
  if (const auto target = process_.targets()->unready()) {
    return send(sink, 503,
                "postern is not ready: target " + target->config().name +
                    ": tls: " + target->door()->material.status().error + "\n");
  }
  return send(sink, 200, "postern is ready.\n");
}

int Service::answerSelf(const http::Request&, http::ResponseSink& sink) {
  http::ResponseHead head;
  head.content_type = kTextContentType;
  sink.send(head, ownMetrics(*process_.targets(), process_.self(requests_)));
  return head.status;
}

std::string Service::selfPage() const {
  return ownMetricsForPage(*process_.targets(), process_.self(requests_));
}

int Service::answerReload(const http::Request&, http::ResponseSink& sink) {
  if (!options_.lifecycle)
    return send(sink, 403, "reloading by request is off; --web.enable-lifecycle turns it on\n");
  const std::string complaints = process_.reload();
  if (complaints.empty()) return send(sink, 200, "the configuration was reloaded\n");
  return send(sink, 500,
              "the configuration was not reloaded, the running one stays:\n" + complaints);
}

int Service::answerIndex(const http::Request&, http::ResponseSink& sink) {
  std::string text = "postern\n\n/metrics           the page of target " +
                     process_.targets()->all.front()->config().name + "\n";
  for (const auto& target : process_.targets()->all)
    text += "/metrics/" + target->config().name + "\n";
  text +=
      "/health            state of every target, as JSON; /health/<target> of one\n"
      "/-/metrics         metrics of postern itself\n"
      "/-/healthy         liveness\n"
      "/-/ready           readiness\n";
  return send(sink, 200, text);
}

int Service::answerNothing(const http::Request&, http::ResponseSink& sink) {
  return send(sink, 404, "nothing is served at this path; GET / lists what is\n");
}

}  // namespace postern::serve
