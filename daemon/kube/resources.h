#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/annotations.h"
#include "kube/json.h"

namespace postern::kube {

// The `resources` of the sidecar's container.
struct SidecarResources {
  Json value;                           // null: none of its own
  std::vector<std::string> mistakes{};  // each begins with an annotation
  std::vector<std::string> warnings{};
};

// The sidecar of a pod with `spec.resources` shares those, so the fleet's defaults do not count;
// what the pod's annotations say is added up as the API server does. In a Guaranteed pod requests
// equal limits.
SidecarResources resourcesFor(const Json& pod, const Wishes& wishes);

}  // namespace postern::kube
