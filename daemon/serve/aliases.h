#pragma once

#include <chrono>
#include <string>

#include "async/scope.h"
#include "async/task.h"
#include "http/message.h"
#include "serve/own_metrics.h"
#include "serve/target_view.h"

// Answers in the shapes of systems that postern takes the place of.
namespace postern::serve {

// /heartbeat, /stats and /external as Ultronex has them: JSON. `uptime` is the moment of the start;
// errors are counted by text.
std::string heartbeat();
std::string statistics(const TargetViews& targets, const Self& self);
std::string externalErrors(const TargetViews& targets);

// /health/<target>/sanity as Teleport has it: one gauge, after a scrape of the target.
// whatsapp_cluster_health of a target with a page of that format, else postern_up. A scrape that
// failed, or only the page that tells of health, answers with its fault. All references must
// outlive the task.
async::Task<http::Reply> sanityReply(scrape::Target& target, const http::Request& request,
                                     std::chrono::milliseconds timeout_offset,
                                     async::Scope& connection);

// /health as a table for people, as Teleport has it: every target, and the nodes that its service
// told. `root` is the relative reference to the status page. The status is that of the JSON.
http::Reply healthTable(const TargetViews& targets, std::string_view root);

}  // namespace postern::serve
