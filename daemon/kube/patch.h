#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/annotations.h"
#include "kube/json.h"
#include "kube/pod.h"
#include "kube/sidecar.h"

namespace postern::kube {

// The input of a pod's JSON patch (RFC 6902). All of it is borrowed for the call.
struct PatchInput {
  const Json& document;  // the pod, which `pod` was read from
  const Pod& pod;
  const SidecarOptions& options;
  const Sidecar& sidecar;
};

struct Patch {
  Json operations = Json::array();  // RFC 6902
  std::string warning{};            // for the user who applied the pod; may be empty
};

// Adds the sidecar, `volumes`, pull secrets, annotations for Prometheus and the labels of an
// injected pod.
Patch makePatch(const PatchInput& input, std::vector<Json> volumes);

}  // namespace postern::kube
