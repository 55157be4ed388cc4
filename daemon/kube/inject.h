#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kube/injection_rules.h"
#include "kube/json.h"

namespace postern::kube {

inline constexpr std::string_view kInjectLabel =
    "postern.io/inject";  // "true": add a sidecar; "false": do not
inline constexpr std::string_view kStatusLabel = "postern.io/status";  // "injected": has a sidecar
// The sidecar's port, by which a NetworkPolicy selects pods.
inline constexpr std::string_view kPortLabel = "postern.io/port";
inline constexpr std::string_view kContainer = "postern";

enum class InjectionResult {
  Injected,
  Already,
  NotAsked,   // has neither the label nor annotations of postern, or the label is "false"
  Unlabeled,  // has annotations of postern without the label: not changed, with a warning
  Mirror,     // of a static pod: not changed, with a warning
  Refused,
};

struct Injection {
  InjectionResult result;
  Json patch = Json::array();           // RFC 6902; of Injected
  std::string refusal{};                // every mistake, for people; of Refused
  std::vector<std::string> warnings{};  // for the user who applied the pod; each at most 256 bytes
};

// Adds the sidecar to a pod that requests it. Pure, except for the functions in `rules`. Never
// quotes a value that could be a secret.
Injection inject(const Json& pod, const InjectionRules& rules);

}  // namespace postern::kube
