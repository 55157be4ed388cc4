#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/annotations.h"
#include "kube/json.h"
#include "kube/pod.h"

namespace postern::kube {

// The decisions about the sidecar of one pod.
struct Sidecar {
  std::string image;
  std::uint16_t port = 3000;
  // The port of probes if a web configuration may require TLS or a login on `port`; 0: the same
  // port.
  std::uint16_t health_port = 0;
  bool native = false;  // a restartable init container
  Json resources;       // of the container; null: the container sets none
};

// The sidecar's environment, as NAME=value.
std::vector<std::string> environmentOf(const Sidecar& sidecar, const SidecarOptions& options,
                                       const Pod& pod);
// The container. It fits the Pod Security Standard `restricted`.
Json makeContainer(const Sidecar& sidecar, const SidecarOptions& options, const Pod& pod);
// Whether the sidecar reads a web configuration, from an annotation or a volume of the pod.
bool readsWebConfig(const SidecarOptions& options, const Pod& pod);
// Whether the pod has a volume that replaces the one of this annotation or its default. The
// annotation must be one that mounts something.
bool bringsVolume(const Annotation& annotation, const SidecarOptions& options, const Pod& pod);
// The volumes that the pod lacks. A volume of the pod with the same name replaces one of postern's.
// Together with an annotation that names another object, it is a mistake.
std::vector<Json> makeVolumes(const SidecarOptions& options, const Pod& pod,
                              std::vector<std::string>& mistakes);

}  // namespace postern::kube
