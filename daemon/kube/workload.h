#pragma once

#include <string>
#include <vector>

#include "kube/json.h"

namespace postern::kube {

// A pod in a document: a Pod itself, or the template of a workload.
struct PodPlace {
  Json* pod;         // a part of the document; dies with it
  std::string what;  // for messages: "Deployment web"
  // Where the label or annotations of postern are instead of on the template ("metadata of the
  // Deployment"); empty: nowhere else.
  std::string misplaced;
};

// Every pod of a Pod, of a workload (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob
// and any other kind with a template), of a List, or of a lone template. Adds invalid documents to
// `mistakes`.
std::vector<PodPlace> podsIn(Json& document, std::vector<std::string>& mistakes);

}  // namespace postern::kube
