#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/target_view.h"

namespace postern::serve {

// What a target's state comes to, in plain words. Sentences without a full stop.
struct Verdict {
  // Unhealthy: scraped, and the service says so of itself. Unknown: not scraped yet, or scraped
  // without the page on which the service tells its health.
  enum class State { Unknown, Ok, Unhealthy, Failing };
  State state = State::Unknown;
  std::string words;                // the state, for people: "the service rejects the credential"
  std::optional<Error> fault;       // of the last scrape
  std::optional<SystemTime> since;  // when the state, good or this fault, began
  std::string next;                 // what happens next
  std::optional<SystemTime> next_attempt;  // no login is sent before
  // What is not well although the target is scraped: certificates that expire soon, pages that are
  // missing, renewed files that are bad, a credential whose source is silent, nodes of an unhealthy
  // service that are not connected.
  std::vector<std::string> warnings;
};

Verdict judge(const TargetView& target);

// "ok", "unhealthy", "failing" or "unknown".
std::string_view stateName(Verdict::State state);
// What several targets come to: the worst of them, by the order Ok, Unknown, Unhealthy, Failing.
Verdict::State worst(Verdict::State one, Verdict::State other);
// Whether /health answers 200: nothing is known to be wrong.
bool isWell(Verdict::State state);

// What the service says of itself, on one of the pages of a target that tell it.
struct HealthPage {
  std::string_view page;
  std::shared_ptr<const exposition::Health>
      health;        // null: the page failed, or was not fetched yet
  SystemTime as_of;  // when the page was read, of one that is there
};
// Of the last scrape; empty when no page of the target tells it. The names borrow from the
// configuration of `target`.
std::vector<HealthPage> healthPages(const TargetView& target);
// The nodes of an unhealthy service that are not connected; empty when it is healthy, because one
// that is disconnected is then in reserve.
std::vector<exposition::Node> failingNodes(const exposition::Health& health);
// What the fault means, for people.
std::string_view faultWords(Fault fault);

}  // namespace postern::serve
