#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scrape/target.h"

namespace postern::serve {

// What a target's state comes to, in plain words. Sentences without a full stop.
struct Verdict {
  enum class State { Unknown, Ok, Failing };  // unknown: not scraped yet, counts as well
  State state = State::Unknown;
  std::string words;                // the state, for people: "the service rejects the credential"
  std::optional<Error> fault;       // of the last scrape
  std::optional<SystemTime> since;  // when the state, good or this fault, began
  std::string next;                 // what happens next
  std::optional<SystemTime> next_attempt;  // no login is sent before
  // What is not well although the target is scraped: certificates that expire soon, pages that are
  // missing, renewed files that are bad, a credential whose source is silent, a service that says
  // that it is not healthy.
  std::vector<std::string> warnings;
};

Verdict judge(const scrape::Target& target);

// "ok", "failing" or "unknown".
std::string_view stateName(Verdict::State state);
// What the fault means, for people.
std::string_view faultWords(Fault fault);

}  // namespace postern::serve
