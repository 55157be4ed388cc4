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
#include "serve/own_metrics.h"
#include "serve/request_stats.h"
#include "serve/targets.h"

namespace postern::serve {

// Answers the requests of scrapers and probes. On the loop of its targets, but for what is said to
// be thread-safe.
class Service {
 public:
  struct Options {
    std::chrono::milliseconds timeout_offset{
        500};                  // off the scraper's timeout, never more than half of it
    bool lifecycle = false;    // POST /-/reload
    std::string route_prefix;  // "" or "/a/b": what all paths begin with, but those of health
    bool status_page = true;   // the pages for people
    bool debug = false;        // GET /metrics/<target>?debug=true
    // Why there is no target yet, in one line; then all but liveness and own metrics answer the
    // fault Config. Empty: there is one.
    std::string awaiting = {};
    bool closed = false;  // while awaiting: liveness alone is answered to everybody
  };
  // What the service asks of the process around it; called on the loop, where it must not block,
  // but for `reload`.
  struct Process {
    std::function<TargetsNow()> targets;
    std::function<Self(const RequestStats&)> self;
    // Empty when it went well, else every complaint. Called on threads that may block.
    std::function<std::string()> reload;
  };

  Service(Options options, Process process);

  // The service and both references must outlive the task.
  async::Task<> handle(const http::Request& request, http::Responder& responder);
  // The same for the listener that serves probes, own metrics and the status alone, without a
  // prefix.
  async::Task<> handleHealth(const http::Request& request, http::Responder& responder);
  // Whether it asks at /heartbeat, as Ultronex has it: of liveness, without a login. Thread-safe,
  // as is the rest.
  bool isHeartbeat(const http::Request& request) const;
  // What append_self puts into a page.
  std::string selfPage() const;
  // How many requests for a target's page have ended since the start.
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
  // The path behind the prefix; none when it does not begin with it.
  std::optional<std::string_view> withoutPrefix(const std::string& path) const;
  async::Task<> answerBelowPrefix(const http::Request& request, http::Responder& responder);
  async::Task<> answer(Route route, const http::Request& request, http::Responder& responder);

  const Options options_;
  const Process process_;
  RequestStats requests_;
};

}  // namespace postern::serve
