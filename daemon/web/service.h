#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "http/message.h"
#include "http/responder.h"
#include "web/request_stats.h"
#include "web/self_metrics.h"
#include "web/targets.h"

namespace postern::web {

// Answers the requests of scrapers and probes. Runs on the loop of its targets, except for
// functions that are marked as thread-safe.
class WebService {
 public:
  struct ServiceOptions {
    std::chrono::milliseconds timeout_offset{
        500};                  // subtracted from the scraper's timeout, at most half of it
    bool lifecycle = false;    // turns on POST /-/reload
    std::string route_prefix;  // "" or "/a/b": the prefix of all paths except those of health
    bool status_page = true;   // turns on the pages for people
    bool debug = false;        // turns on GET /metrics/<target>?debug=true
    // Why the first target is missing, in one line. Then everything except liveness and own metrics
    // answers the fault Config. Empty: a target exists.
    std::string awaiting = {};
    bool closed = false;  // while awaiting: only liveness is answered to everybody
  };
  // Calls into the process. The service calls them on the loop, where they must not block; `reload`
  // is the exception.
  struct Callbacks {
    std::function<TargetsNow()> targets;
    std::function<Self(const RequestStats&)> self;
    // Returns "" on success, else every error. Called on threads that may block.
    std::function<std::string()> reload;
  };

  WebService(ServiceOptions options, Callbacks callbacks);

  // The service and both references must outlive the task.
  async::Task<> handle(const http::Request& request, http::Responder& responder);
  // The same for the listener that serves only probes, own metrics and the status, without a
  // prefix.
  async::Task<> handleHealth(const http::Request& request, http::Responder& responder);
  // Whether this is a liveness request at /heartbeat, the path of Ultronex, which needs no login.
  // Thread-safe, like the functions below.
  bool isHeartbeat(const http::Request& request) const;
  // The families that append_self adds to a page.
  std::string selfPage() const;
  // Number of requests for a target's page that have ended since the start.
  std::uint64_t scrapes() const;

 private:
  struct Route;
  // These scrape, or reload, and return the status.
  async::Task<int> answerPage(const http::Request& request, http::Responder& responder);
  async::Task<int> answerSamples(const http::Request& request, http::Responder& responder);
  async::Task<int> answerSanity(const http::Request& request, http::Responder& responder);
  async::Task<int> answerReload(const http::Request& request, http::Responder& responder);
  http::Reply healthOf(const http::Request& request) const;
  http::Reply liveness(const http::Request& request) const;
  http::Reply selfMetrics(const http::Request& request) const;
  http::Reply statusDocument(const http::Request& request) const;
  http::Reply heartbeatOf(const http::Request& request) const;
  http::Reply formerName(const http::Request& request) const;
  http::Reply index(const http::Request& request) const;
  http::Reply nothing(const http::Request& request) const;
  http::Reply awaited(const http::Request& request) const;
  bool awaits(Handler handler) const;
  static Route route(std::string_view path);
  // The path after the prefix. Not set when the path does not begin with it.
  std::optional<std::string_view> withoutPrefix(const std::string& path) const;
  async::Task<> answerBelowPrefix(const http::Request& request, http::Responder& responder);
  async::Task<> answer(Route route, const http::Request& request, http::Responder& responder);

  const ServiceOptions options_;
  const Callbacks callbacks_;
  RequestStats requests_;
};

}  // namespace postern::web
