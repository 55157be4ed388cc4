#pragma once

#include <string>
#include <vector>

#include "kube/json.h"

namespace postern::kube {

// A pod in a document: a Pod itself, or the template of a workload.
struct PodPlace {
  Json* pod;         // inside of the document, and as long as that
  std::string what;  // for people: "Deployment web"
  // The label that asks for a sidecar, or annotations of ours, are on this in place of the template
  // ("the Deployment's own metadata"); empty: on nothing.
  std::string misplaced;
};

// Every pod of a Pod, of a workload (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob
// and whatever else has a template), of a List, or of a template by itself. What cannot be one is
// said in `mistakes`.
std::vector<PodPlace> podsIn(Json& document, std::vector<std::string>& mistakes);

}  // namespace postern::kube
