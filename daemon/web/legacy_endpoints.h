#pragma once

#include <chrono>
#include <string>

#include "async/scope.h"
#include "async/task.h"
#include "http/message.h"
#include "web/self_metrics.h"
#include "web/target_view.h"

// Answers in the formats of systems that postern replaces.
namespace postern::web {

// /heartbeat, /stats and /external in the format of Ultronex: JSON. `uptime` is the start time.
// Errors are counted by text.
std::string heartbeat();
std::string statistics(const TargetViews& targets, const Self& self);
std::string externalErrors(const TargetViews& targets);

// /health/<target>/sanity in the format of Teleport: scrapes the target, then answers one gauge.
// The gauge is the HealthGauge of a target with a health page, else postern_up. A
// failed scrape answers with its fault; so does a failed health page. All references must outlive
// the task.
async::Task<http::Reply> sanityReply(scrape::Target& target, const http::Request& request,
                                     std::chrono::milliseconds timeout_offset,
                                     async::Scope& connection);

// /health as an HTML table in the format of Teleport: every target, and the nodes that its service
// reports. `root` is the relative reference to the status page. The status code is that of the
// JSON.
http::Reply healthTable(const TargetViews& targets, std::string_view root);

}  // namespace postern::web
