#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "serve/own_metrics.h"
#include "serve/request_stats.h"
#include "serve/targets.h"

namespace postern::serve {

// Answers the requests of scrapers and probes. Thread-safe.
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
  // What the service asks of the process around it; called on workers' threads.
  struct Process {
    std::function<TargetsNow()> targets;
    std::function<Self(const RequestStats&)> self;
    std::function<std::string()> reload;  // empty when it went well, else every complaint
  };

  Service(Options options, Process process);

  void handle(const http::Request& request, http::ResponseSink& sink);
  // The same for the listener that serves probes, own metrics and the status alone, without a
  // prefix.
  void handleHealth(const http::Request& request, http::ResponseSink& sink);
  // Whether handle() waits for nothing to answer such a request. handleHealth() never waits.
  bool quick(const http::Request& request) const;
  // Whether it asks at /heartbeat, as Ultronex has it: of liveness, without a login.
  bool isHeartbeat(const http::Request& request) const;
  // What append_self puts into a page.
  std::string selfPage() const;
  // How many requests for a target's page have ended since the start.
  std::uint64_t scrapes() const;

 private:
  struct Route;
  int answerPage(const http::Request& request, http::ResponseSink& sink);
  int answerHealth(const http::Request& request, http::ResponseSink& sink);
  int answerLive(const http::Request& request, http::ResponseSink& sink);
  int answerSelf(const http::Request& request, http::ResponseSink& sink);
  int answerReload(const http::Request& request, http::ResponseSink& sink);
  int answerStatus(const http::Request& request, http::ResponseSink& sink);
  int answerSamples(const http::Request& request, http::ResponseSink& sink);
  int answerSanity(const http::Request& request, http::ResponseSink& sink);
  int answerHeartbeat(const http::Request& request, http::ResponseSink& sink);
  int answerFormerName(const http::Request& request, http::ResponseSink& sink);
  int answerIndex(const http::Request& request, http::ResponseSink& sink);
  int answerAwaiting(const http::Request& request, http::ResponseSink& sink);
  bool awaits(Handler handler) const;
  int answerNothing(const http::Request& request, http::ResponseSink& sink);
  static Route route(std::string_view path);
  // The path behind the prefix; none when it does not begin with it.
  std::optional<std::string_view> withoutPrefix(const std::string& path) const;
  void answer(const Route& route, const http::Request& request, http::ResponseSink& sink);

  const Options options_;
  const Process process_;
  RequestStats requests_;
};

}  // namespace postern::serve
