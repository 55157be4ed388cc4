#pragma once

#include <chrono>
#include <functional>
#include <string>

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
        500};                // off the scraper's timeout, never more than half of it
    bool lifecycle = false;  // POST /-/reload
  };
  // What the service asks of the process around it; called on workers' threads.
  struct Process {
    std::function<TargetsNow()> targets;
    std::function<Self(const RequestStats&)> self;
    std::function<std::string()> reload;  // empty when it went well, else every complaint
  };

  Service(Options options, Process process);

  void handle(const http::Request& request, http::ResponseSink& sink);
  // What append_self puts into a page.
  std::string selfPage() const;

 private:
  struct Route;
  int answerPage(const http::Request& request, http::ResponseSink& sink);
  int answerHealth(const http::Request& request, http::ResponseSink& sink);
  int answerLive(const http::Request& request, http::ResponseSink& sink);
  int answerSelf(const http::Request& request, http::ResponseSink& sink);
  int answerReload(const http::Request& request, http::ResponseSink& sink);
  int answerIndex(const http::Request& request, http::ResponseSink& sink);
  int answerNothing(const http::Request& request, http::ResponseSink& sink);
  static Route route(const std::string& path);

  const Options options_;
  const Process process_;
  RequestStats requests_;
};

}  // namespace postern::serve
