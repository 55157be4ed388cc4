#include "serve/health.h"

#include <nlohmann/json.hpp>

#include "serve/json.h"

namespace postern::serve {
namespace {

Json healthOf(const scrape::Target& target) {
  const auto counts = target.stats()->counts();
  const auto session = target.door()->session.status();
  Json json = {{"target", target.config().name}};
  json["state"] = !counts.scraped ? "unknown" : counts.fault ? "failing" : "ok";
  if (counts.fault) {
    json["fault"] = faultName(counts.fault->fault);
    json["error"] = counts.fault->what;
  }
  if (counts.scraped) json["since"] = rfc3339(counts.since);
  if (session.waiting)
    json["next_attempt"] = session.next_attempt ? Json(rfc3339(*session.next_attempt))
                                                : Json("when the credential changes");
  for (std::size_t page = 0; page < counts.pages.size() && page < target.config().pages.size();
       ++page) {
    const auto& error = counts.pages[page];
    Json of_page = {{"page", target.config().pages[page].name()}, {"up", !error.has_value()}};
    if (error) {
      of_page["fault"] = faultName(error->fault);
      of_page["error"] = error->what;
    }
    json["pages"].push_back(std::move(of_page));
  }
  return json;
}

Json describe(const exposition::Health& health) {
  Json nodes = Json::array();
  for (const auto& node : health.nodes) {
    Json json = {{"node", node.name}};
    if (!node.host.empty()) json["host"] = node.host;
    if (!node.role.empty()) json["role"] = node.role;
    if (!node.status.empty()) json["gateway_status"] = node.status;
    if (!node.errors.empty()) json["errors"] = node.errors;
    nodes.push_back(std::move(json));
  }
  return nodes;
}

}  // namespace

HealthAnswer health(const Targets& targets) {
  bool well = true;
  Json list = Json::array();
  for (const auto& target : targets.all) {
    list.push_back(healthOf(*target));
    well = well && list.back()["state"] != "failing";
  }
  return {write({{"state", well ? "ok" : "failing"}, {"targets", std::move(list)}}), well};
}

HealthAnswer awaitedHealth(const std::string& why) {
  const Json json = {{"state", "failing"},
                     {"fault", faultName(Fault::Config)},
                     {"error", why},
                     {"targets", Json::array()}};
  return {write(json), false};
}

HealthAnswer health(const scrape::Target& target) {
  Json json = healthOf(target);
  const bool well = json["state"] != "failing";
  if (const auto counts = target.stats()->counts(); counts.health) {
    json["healthy"] = counts.health->healthy;
    json["nodes"] = describe(*counts.health);
  }
  return {write(json), well};
}

}  // namespace postern::serve
