#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/annotations.h"
#include "kube/json.h"
#include "kube/pod.h"

namespace postern::kube {

// What has been decided of the sidecar of one pod.
struct Sidecar {
  std::string image;
  std::uint16_t port = 3000;
  // Where probes are answered when a web configuration may want TLS or a login at `port`; 0: there.
  std::uint16_t health_port = 0;
  bool native = false;  // an init container that goes on
  Json resources;       // of the container; null: none of its own
};

// NAME=value, as the sidecar's environment will be.
std::vector<std::string> environmentOf(const Sidecar& sidecar, const Wishes& wishes,
                                       const Pod& pod);
// The container. It fits the Pod Security Standard `restricted`.
Json makeContainer(const Sidecar& sidecar, const Wishes& wishes, const Pod& pod);
// Whether the sidecar reads a web configuration, of an annotation or of a volume of the pod.
bool readsWebConfig(const Wishes& wishes, const Pod& pod);
// Whether the pod has a volume in place of the one that this annotation, which mounts something,
// or its default makes.
bool bringsVolume(const Annotation& annotation, const Wishes& wishes, const Pod& pod);
// The volumes that the pod does not have yet. A volume of the pod with the name of one of ours is
// taken in its place; with an annotation that names another, that is a mistake.
std::vector<Json> makeVolumes(const Wishes& wishes, const Pod& pod,
                              std::vector<std::string>& mistakes);

}  // namespace postern::kube
