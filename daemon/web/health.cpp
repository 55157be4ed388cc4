#include "web/health.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "web/target_state.h"

namespace postern::web {
namespace {

OrderedJson describe(const exposition::Node& node) {
  OrderedJson json = {{"node", node.name}};
  if (!node.host.empty()) json["host"] = node.host;
  if (!node.role.empty()) json["role"] = node.role;
  if (!node.status.empty()) json["gateway_status"] = node.status;
  if (!node.errors.empty()) json["errors"] = node.errors;
  return json;
}

OrderedJson describeHealthPages(const TargetView& target) {
  const auto& counts = target.counts;
  const auto& pages = target.config->pages;
  OrderedJson list;
  for (std::size_t page = 0; page < std::min(counts.pages.size(), pages.size()); ++page) {
    const auto& error = counts.pages[page];
    OrderedJson of_page = {{"page", pages[page].name()}, {"up", !error.has_value()}};
    if (error) {
      of_page["fault"] = faultName(error->fault);
      of_page["error"] = error->what;
    }
    list.push_back(std::move(of_page));
  }
  return list;
}

struct TargetHealth {
  TargetState::Condition state;
  OrderedJson json;
};

TargetHealth healthOf(const TargetView& target) {
  const auto& counts = target.counts;
  const auto& session = target.session;
  const auto state = stateOf(target).state;
  OrderedJson json = {{"target", target.config->name}};
  json["state"] = stateName(state);
  if (counts.fault) {
    json["fault"] = faultName(counts.fault->fault);
    json["error"] = counts.fault->what;
  }
  if (counts.scraped) json["since"] = rfc3339(counts.since);
  if (session.waiting)
    json["next_attempt"] = session.next_attempt ? OrderedJson(rfc3339(*session.next_attempt))
                                                : OrderedJson("when the credential changes");
  if (!counts.pages.empty()) json["pages"] = describeHealthPages(target);
  if (const OrderedJson reported = serviceHealth(target); !reported.is_null())
    json.update(reported);
  return {state, std::move(json)};
}

}  // namespace

OrderedJson serviceHealth(const TargetView& target) {
  const auto& counts = target.counts;
  const auto pages = healthPages(target);
  if (pages.empty()) return nullptr;
  OrderedJson json = {
      {"healthy", nullptr}, {"as_of", nullptr}, {"failing_nodes", OrderedJson::array()}};
  if (counts.health == scrape::ServiceHealth::Healthy) json["healthy"] = true;
  if (counts.health == scrape::ServiceHealth::Unhealthy) json["healthy"] = false;
  std::optional<SystemTime> oldest;
  for (const auto& page : pages) {
    if (!page.health) continue;
    oldest = oldest ? std::min(*oldest, page.as_of) : page.as_of;
    for (const auto& node : failingNodes(*page.health)) {
      json["failing_nodes"].push_back(
          {{"node", node.name},
           {"role", node.role.empty() ? OrderedJson(nullptr) : OrderedJson(node.role)},
           {"reason", node.problem}});
    }
  }
  if (oldest) json["as_of"] = rfc3339(*oldest);
  return json;
}

HealthAnswer health(const TargetViews& targets) {
  auto all = TargetState::Condition::Ok;
  OrderedJson list = OrderedJson::array();
  for (const auto& target : targets) {
    auto of_target = healthOf(target);
    all = worst(all, of_target.state);
    list.push_back(std::move(of_target.json));
  }
  return {write({{"state", stateName(all)}, {"targets", std::move(list)}}), isWell(all)};
}

HealthAnswer awaitedHealth(const std::string& why) {
  const OrderedJson json = {{"state", "failing"},
                            {"fault", faultName(Fault::Config)},
                            {"error", why},
                            {"targets", OrderedJson::array()}};
  return {write(json), false};
}

HealthAnswer health(const TargetView& target) {
  auto [state, json] = healthOf(target);
  OrderedJson nodes = OrderedJson::array();
  for (const auto& page : healthPages(target)) {
    if (!page.health) continue;
    for (const auto& node : page.health->nodes) nodes.push_back(describe(node));
  }
  if (!nodes.empty()) json["nodes"] = std::move(nodes);
  return {write(json), isWell(state)};
}

}  // namespace postern::web
