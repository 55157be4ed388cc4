#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/annotations.h"
#include "kube/json.h"

namespace postern::kube {

// The `resources` of the sidecar's container.
struct SidecarResources {
  Json value;                           // null: the container sets none
  std::vector<std::string> mistakes{};  // each begins with an annotation
  std::vector<std::string> warnings{};
};

// In a pod with `spec.resources` the sidecar shares them, so the fleet's defaults do not apply.
// Values of the pod's annotations are added up as the API server does. In a Guaranteed pod requests
// equal limits.
SidecarResources resourcesFor(const Json& pod, const SidecarOptions& options);

}  // namespace postern::kube
