#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/inject.h"
#include "kube/json.h"

namespace postern::kube {

inline constexpr std::string_view kInjectLabel = "postern.io/inject";  // "true": wants a sidecar
inline constexpr std::string_view kStatusLabel = "postern.io/status";  // "injected": has one
inline constexpr std::string_view kContainer = "postern";

// What the cluster's operator decides. Constant while in use.
struct Rules {
  std::string image;
  std::vector<std::string> allowed_images;  // globs; `image` is allowed always
  config::Pairs defaults;                   // annotations without their prefix
  // Whether API server and nodes know native sidecars. Called on any thread; never waits.
  std::function<bool()> native_sidecars;
};

struct Injection {
  enum class Result { Injected, Already, Unlabelled, Refused };
  Result result;
  Json patch = Json::array();           // RFC 6902; of Injected
  std::string refusal{};                // every mistake, for people; of Refused
  std::vector<std::string> warnings{};  // for whoever applied the pod; each at most 256 bytes
};

// Adds the sidecar to a pod that asks for it. Pure but for what `rules` asks. Never quotes a value
// that could be a secret.
Injection inject(const Json& pod, const Rules& rules);

// What is wrong with the defaults that every pod would be refused for; empty: nothing.
std::string mistakeIn(const Rules& rules);

}  // namespace postern::kube
