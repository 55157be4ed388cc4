#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "async/scope.h"
#include "async/task.h"
#include "http/message.h"
#include "web/target_view.h"

namespace postern::web {

// Whether the query holds debug=true.
bool asksForDebug(std::string_view query);

// One scrape, made for its trace.
struct ScrapeTrace {
  session::SessionStatus session_before;
  std::size_t connections_before = 0;
  TargetView target;           // after the scrape
  std::optional<Error> error;  // not set: the scrape succeeded
  std::size_t bytes = 0;       // size of its page
  double seconds = 0;          // its duration
};

// Every step of the scrape, as plain text for people.
std::string describe(const ScrapeTrace& trace);

// Scrapes the target once and returns the trace of the scrape with status 200, not the page. The
// trace has each step: certificates, credential (whether found, never its value), session,
// connection, each page, rules, the outcome and what happens next; TLS of login and pages. Plain
// text for people. All references must outlive the task.
async::Task<http::Reply> traceReply(scrape::Target& target, const http::Request& request,
                                    std::chrono::milliseconds timeout_offset,
                                    async::Scope& connection);

}  // namespace postern::web
