#include "web/service.h"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "base/job.h"
#include "base/printable.h"
#include "http/blocking_handler.h"
#include "http/server_state.h"
#include "web/assets.h"
#include "web/health.h"
#include "web/html.h"
#include "web/legacy_endpoints.h"
#include "web/page.h"
#include "web/samples.h"
#include "web/scrape_trace.h"
#include "web/status.h"

namespace postern::web {
namespace {

constexpr std::string_view kPagePrefix = "/metrics/";
constexpr std::string_view kHealthPrefix = "/health/";
constexpr std::string_view kHeartbeat = "/heartbeat";
constexpr std::string_view kSamplesSuffix = "/display";
constexpr std::string_view kSanitySuffix = "/sanity";

// The name in "<prefix><name><suffix>" if the path has that form. A name contains no slash.
std::optional<std::string_view> nameBetween(std::string_view path, std::string_view prefix,
                                            std::string_view suffix) {
  if (!path.starts_with(prefix) || !path.ends_with(suffix)) return std::nullopt;
  if (path.size() < prefix.size() + suffix.size()) return std::nullopt;
  return path.substr(prefix.size(), path.size() - prefix.size() - suffix.size());
}

http::Reply plain(int status, std::string body) {
  http::Reply reply;
  reply.head.status = status;
  reply.body = std::move(body);
  return reply;
}

http::Reply withType(std::string_view content_type, std::string body) {
  auto reply = plain(200, std::move(body));
  reply.head.content_type = content_type;
  return reply;
}

http::Reply unknownTarget(std::string_view name) {
  return faultReply(printable(name), {Fault::UnknownTarget, "no target has this name"});
}

bool allows(std::string_view methods, const std::string& method) {
  return methods.empty() ||
         fmt::format(", {},", methods).find(fmt::format(" {},", method)) != std::string::npos;
}

http::Reply wrongMethod(std::string_view methods) {
  auto reply = plain(405, fmt::format("this path accepts {}\n", methods));
  reply.head.headers.emplace_back("Allow", methods);
  return reply;
}

}  // namespace

struct WebService::Route {
  using AtOnce = http::Reply (WebService::*)(const http::Request&) const;
  using ByTask = async::Task<int> (WebService::*)(const http::Request&, http::Responder&);

  Handler handler;
  std::variant<AtOnce, ByTask> answer;
  std::string_view methods;  // value of the Allow header
};

WebService::WebService(ServiceOptions options, Callbacks callbacks)
    : options_(std::move(options)), callbacks_(std::move(callbacks)) {}

WebService::Route WebService::route(std::string_view path) {
  constexpr std::string_view kRead = "GET, HEAD";
  if (nameBetween(path, kPagePrefix, kSamplesSuffix))
    return {Handler::Display, &WebService::answerSamples, kRead};
  if (nameBetween(path, kHealthPrefix, kSanitySuffix))
    return {Handler::Health, &WebService::answerSanity, kRead};
  if (path == "/metrics" || path == "/prometheus_metrics" || path.starts_with(kPagePrefix))
    return {Handler::Page, &WebService::answerPage, kRead};
  if (path == "/health" || path.starts_with(kHealthPrefix))
    return {Handler::Health, &WebService::healthOf, kRead};
  if (path == "/-/metrics") return {Handler::Self, &WebService::selfMetrics, kRead};
  for (const std::string_view live : {"/-/healthy", "/-/ready", "/healthz", "/livez", "/readyz"}) {
    if (path == live) return {Handler::Live, &WebService::liveness, kRead};
  }
  if (path == kHeartbeat) return {Handler::Live, &WebService::heartbeatOf, kRead};
  for (const std::string_view former : {"/stats", "/external"}) {
    if (path == former) return {Handler::Status, &WebService::formerName, kRead};
  }
  if (path == "/-/reload") return {Handler::Reload, &WebService::answerReload, "POST, PUT"};
  if (path == "/api/v1/status") return {Handler::Status, &WebService::statusDocument, kRead};
  if (path == "/") return {Handler::Index, &WebService::index, kRead};
  return {Handler::None, &WebService::nothing, ""};
}

std::optional<std::string_view> WebService::withoutPrefix(const std::string& path) const {
  const auto& prefix = options_.route_prefix;
  if (!path.starts_with(prefix)) return std::nullopt;
  const auto rest = std::string_view(path).substr(prefix.size());
  if (!rest.starts_with('/')) return std::nullopt;
  return rest;
}

async::Task<> WebService::handle(const http::Request& request, http::Responder& responder) {
  if (!options_.route_prefix.empty()) return answerBelowPrefix(request, responder);
  return answer(route(request.path), request, responder);
}

async::Task<> WebService::answerBelowPrefix(const http::Request& request,
                                            http::Responder& responder) {
  if (request.path == options_.route_prefix) {
    // Pages for people refer to others by relative paths.
    auto moved = plain(308, "");
    moved.head.headers.emplace_back("Location", options_.route_prefix + "/");
    co_await responder.send(std::move(moved));
    co_return;
  }
  auto inner = request;
  const auto path = withoutPrefix(request.path);
  inner.path = path ? *path : std::string_view();
  const auto found = route(inner.path);
  co_await answer(found, inner, responder);
}

async::Task<> WebService::handleHealth(const http::Request& request, http::Responder& responder) {
  const auto found = route(request.path);
  const bool served = found.handler == Handler::Live || found.handler == Handler::Self ||
                      found.handler == Handler::Index || request.path == "/api/v1/status";
  return answer(served ? found : route({}), request, responder);
}

bool WebService::isHeartbeat(const http::Request& request) const {
  return withoutPrefix(request.path) == kHeartbeat;
}

// The time of a whole answer ends before it is sent. That of a page includes a slow reader.
async::Task<> WebService::answer(Route found, const http::Request& request,
                                 http::Responder& responder) {
  const auto& loop = responder.scope().loop();
  const auto began = loop.now();
  const auto count = [&](int status) {
    const std::chrono::duration<double> took = loop.now() - began;
    requests_.answered(found.handler, status, took.count());
  };
  const bool allowed = allows(found.methods, request.method);
  const auto* const by_task = std::get_if<Route::ByTask>(&found.answer);
  if (allowed && by_task != nullptr && !awaits(found.handler)) {
    const auto place = co_await responder.server().long_answers.enter(responder);
    int status = 503;
    if (place) status = co_await (this->**by_task)(request, responder);
    count(status);
    co_return;
  }
  http::Reply reply;
  if (!allowed) {
    reply = wrongMethod(found.methods);
  } else if (awaits(found.handler)) {
    reply = awaited(request);
  } else {
    reply = (this->*std::get<Route::AtOnce>(found.answer))(request);
  }
  count(reply.head.status);
  co_await responder.send(std::move(reply));
}

bool WebService::awaits(Handler handler) const {
  if (options_.awaiting.empty() || handler == Handler::Live || handler == Handler::None)
    return false;
  return options_.closed || handler != Handler::Self;
}

http::Reply WebService::awaited(const http::Request& request) const {
  const FaultInfo& info = faultInfo(Fault::Config);
  auto reply =
      plain(info.http_status, fmt::format("{}: {}; {}\n", info.name, options_.awaiting, info.next));
  reply.head.reason = info.name;
  if (route(request.path).handler == Handler::Health) {
    reply.head.content_type = "application/json";
    reply.body = awaitedHealth(options_.awaiting).json;
  }
  return reply;
}

async::Task<int> WebService::answerPage(const http::Request& request, http::Responder& responder) {
  const auto targets = callbacks_.targets();
  const bool debug = asksForDebug(request.query);
  http::Reply reply;
  if (debug && !options_.debug) {
    reply = plain(403, "debugging is off; --web.enable-debug turns it on\n");
    co_return co_await answerWith(std::move(reply), responder);
  }
  auto target = targets->all.front();
  if (request.path.starts_with(kPagePrefix)) {
    const auto name = std::string_view(request.path).substr(kPagePrefix.size());
    target = targets->find(name);
    if (!target) {
      reply = unknownTarget(name);
      co_return co_await answerWith(std::move(reply), responder);
    }
  }
  if (!debug)
    co_return co_await answerWithPage(*target, request, options_.timeout_offset, responder);
  async::Scope& connection = responder.scope();
  reply = co_await traceReply(*target, request, options_.timeout_offset, connection);
  co_return co_await answerWith(std::move(reply), responder);
}

http::Reply WebService::healthOf(const http::Request& request) const {
  const auto targets = callbacks_.targets();
  const bool below = request.path == kHealthPrefix;
  const bool all = below || request.path == "/health";
  if (all && options_.status_page && prefersHtml(request))
    return healthTable(viewsOf(*targets), below ? ".." : ".");
  HealthAnswer answer;
  if (!all) {
    const auto name = std::string_view(request.path).substr(kHealthPrefix.size());
    const auto target = targets->find(name);
    if (!target) return unknownTarget(name);
    answer = health(viewOf(*target));
  } else {
    answer = health(viewsOf(*targets));
  }
  auto reply = withType("application/json", std::move(answer.json));
  reply.head.status = answer.well ? 200 : 503;
  return reply;
}

// Alive: the process answers. Ready: the first material is loaded, also that of the web listener.
// Neither depends on the upstream.
http::Reply WebService::liveness(const http::Request& request) const {
  const bool asks_ready = request.path == "/-/ready" || request.path == "/readyz";
  if (!asks_ready) return plain(200, "postern is healthy.\n");
  if (!options_.awaiting.empty()) return awaited(request);
  // Only the listener for probes can still answer.
  if (const auto web_config = callbacks_.self(requests_).web_config; web_config.closed) {
    return plain(
        503, fmt::format(
                 "postern is not ready: web configuration: {}; until then every connection to "
                 "--web.listen-address is refused, and the files are checked again every second\n",
                 web_config.error));
  }
  for (const auto& target : viewsOf(*callbacks_.targets())) {
    const auto& material = target.material().status;
    if (material.loaded) continue;
    return plain(503, fmt::format("postern is not ready: target {}: tls: {}\n", target.config->name,
                                  material.error));
  }
  return plain(200, "postern is ready.\n");
}

http::Reply WebService::selfMetrics(const http::Request& /*request*/) const {
  return withType(kTextContentType,
                  web::selfMetrics(viewsOf(*callbacks_.targets()), callbacks_.self(requests_)));
}

std::string WebService::selfPage() const {
  return web::selfMetricsForPage(viewsOf(*callbacks_.targets()), callbacks_.self(requests_));
}

std::uint64_t WebService::scrapes() const {
  std::uint64_t sum = 0;
  const auto all = requests_.all();
  for (const auto& [code, count] : all[static_cast<std::size_t>(Handler::Page)].by_code)
    sum += count;
  return sum;
}

async::Task<int> WebService::answerReload(const http::Request& /*request*/,
                                          http::Responder& responder) {
  auto reply = plain(403, "reloading by request is off; --web.enable-lifecycle turns it on\n");
  if (options_.lifecycle) {
    std::string errors;
    Job job = [&] { errors = callbacks_.reload(); };
    co_await http::runOnThread(std::move(job), responder);
    reply =
        errors.empty()
            ? plain(200, "the configuration was reloaded\n")
            : plain(500, "the configuration was not reloaded, the previous one stays in force:\n" +
                             errors);
  }
  co_return co_await answerWith(std::move(reply), responder);
}

http::Reply WebService::statusDocument(const http::Request& /*request*/) const {
  const auto targets = viewsOf(*callbacks_.targets());
  auto reply = withType("application/json",
                        status(targets, callbacks_.self(requests_), targets.front().now));
  reply.head.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

async::Task<int> WebService::answerSamples(const http::Request& request,
                                           http::Responder& responder) {
  auto reply = nothing(request);
  if (options_.status_page) {
    const auto name = *nameBetween(request.path, kPagePrefix, kSamplesSuffix);
    const auto target = callbacks_.targets()->find(name);
    async::Scope& connection = responder.scope();
    if (target) {
      reply = co_await samplesPage(*target, request, options_.timeout_offset, connection);
    } else {
      reply = unknownTarget(name);
    }
  }
  co_return co_await answerWith(std::move(reply), responder);
}

async::Task<int> WebService::answerSanity(const http::Request& request,
                                          http::Responder& responder) {
  const auto name = *nameBetween(request.path, kHealthPrefix, kSanitySuffix);
  const auto target = callbacks_.targets()->find(name);
  async::Scope& connection = responder.scope();
  http::Reply reply;
  if (target) {
    reply = co_await sanityReply(*target, request, options_.timeout_offset, connection);
  } else {
    reply = unknownTarget(name);
  }
  co_return co_await answerWith(std::move(reply), responder);
}

http::Reply WebService::heartbeatOf(const http::Request& /*request*/) const {
  return withType("application/json", heartbeat());
}

// The answer of Ultronex at these paths.
http::Reply WebService::formerName(const http::Request& request) const {
  const auto targets = viewsOf(*callbacks_.targets());
  return withType("application/json", request.path == "/stats"
                                          ? statistics(targets, callbacks_.self(requests_))
                                          : externalErrors(targets));
}

// The page requests /api/v1/status for everything that it shows.
http::Reply WebService::index(const http::Request& request) const {
  if (!options_.status_page) return nothing(request);
  const HtmlAnswer answer;
  return {answer.head(), answer.fill(kStatusPage)};
}

http::Reply WebService::nothing(const http::Request& /*request*/) const {
  return plain(404, "unknown path; daemon/web/README.md lists all endpoints\n");
}

}  // namespace postern::web
