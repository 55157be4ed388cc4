#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kube/json.h"
#include "kube/rules.h"

namespace postern::kube {

inline constexpr std::string_view kInjectLabel =
    "postern.io/inject";  // "true": wants a sidecar; "false": none
inline constexpr std::string_view kStatusLabel = "postern.io/status";  // "injected": has one
// The sidecar's port, by which a NetworkPolicy selects pods.
inline constexpr std::string_view kPortLabel = "postern.io/port";
inline constexpr std::string_view kContainer = "postern";

struct Injection {
  enum class Result {
    Injected,
    Already,
    NotAsked,   // has neither the label nor annotations of ours, or the label is "false"
    Unlabeled,  // has annotations of ours without the label: left alone, with a warning
    Mirror,     // of a static pod: left alone, with a warning
    Refused,
  };
  Result result;
  Json patch = Json::array();           // RFC 6902; of Injected
  std::string refusal{};                // every mistake, for people; of Refused
  std::vector<std::string> warnings{};  // for whoever applied the pod; each at most 256 bytes
};

// Adds the sidecar to a pod that asks for it. Pure but for what `rules` asks. Never quotes a value
// that could be a secret.
Injection inject(const Json& pod, const Rules& rules);

}  // namespace postern::kube
