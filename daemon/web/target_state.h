#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/target_view.h"

namespace postern::web {

// A target's state in plain words. Sentences without a full stop.
struct TargetState {
  // Unhealthy: scraped, and the service reports that it is not healthy. Unknown: not scraped yet,
  // or scraped without the page that reports the service's health.
  enum class Condition { Unknown, Ok, Unhealthy, Failing };
  Condition state = Condition::Unknown;
  std::string words;                // the state, for people: "the service rejects the credential"
  std::optional<Error> fault;       // of the last scrape
  std::optional<SystemTime> since;  // when the state (a success, or this fault) began
  std::string next;                 // what happens next
  std::optional<SystemTime> next_attempt;  // earliest time of the next login
  // Problems of a target that is scraped: certificates that expire soon, missing pages, invalid
  // renewed files, a credential source that does not answer, nodes of an unhealthy service that are
  // not connected.
  std::vector<std::string> warnings;
};

TargetState stateOf(const TargetView& target);

// "ok", "unhealthy", "failing" or "unknown".
std::string_view stateName(TargetState::Condition state);
// The state of several targets: the worst one, in the order Ok, Unknown, Unhealthy, Failing.
TargetState::Condition worst(TargetState::Condition one, TargetState::Condition other);
// Whether /health answers 200: no problem is known.
bool isWell(TargetState::Condition state);

// The health that the service reports on one page of a target.
struct HealthPage {
  std::string_view page;
  std::shared_ptr<const exposition::Health>
      health;        // null: the page failed, or was not fetched yet
  SystemTime as_of;  // when that page was read; only if `health` is set
};
// The health pages of the last scrape; empty when the target has none. The names borrow from the
// configuration of `target`.
std::vector<HealthPage> healthPages(const TargetView& target);
// The nodes of an unhealthy service that are not connected. Empty for a healthy service, whose
// disconnected nodes are in reserve.
std::vector<exposition::Node> failingNodes(const exposition::Health& health);
// What the fault means, for people.
std::string_view faultWords(Fault fault);

}  // namespace postern::web
