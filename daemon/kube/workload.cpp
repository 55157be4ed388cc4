#include "kube/workload.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "base/printable.h"
#include "kube/annotations.h"
#include "kube/inject.h"

namespace postern::kube {
namespace {

using Keys = std::vector<std::string_view>;

// Like find(), for values that may be changed.
Json* findIn(Json& document, const Keys& keys) {
  Json* at = &document;
  for (const auto key : keys) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end() || found->is_null()) return nullptr;
    at = &*found;
  }
  return at;
}

// The path of the pod in a document of this kind; {} if the kind is unknown.
std::optional<Keys> placeOf(std::string_view kind) {
  constexpr std::array<std::string_view, 6> kWorkloads = {
      "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"};
  if (kind == "Pod") return Keys{};
  if (kind == "CronJob") return Keys{"spec", "jobTemplate", "spec", "template"};
  if (kind == "PodTemplate") return Keys{"template"};
  if (std::ranges::find(kWorkloads, kind) != kWorkloads.end()) return Keys{"spec", "template"};
  return std::nullopt;
}

bool hasContainers(Json& pod) {
  const auto* const containers = findIn(pod, {"spec", "containers"});
  return containers != nullptr && containers->is_array();
}

// The path in a document without a kind or with an unknown one: Argo's Rollout, Knative's Service.
Json* findByContainers(Json& document, bool is_template) {
  if (is_template && hasContainers(document)) return &document;
  for (const auto& keys : {Keys{"spec", "template"}, Keys{"template"},
                           Keys{"spec", "jobTemplate", "spec", "template"}}) {
    auto* const found = findIn(document, keys);
    if (found != nullptr && hasContainers(*found)) return found;
  }
  return nullptr;
}

bool mentionsUs(const Json& of) {
  if (find(of, {"metadata", "labels", kInjectLabel}) != nullptr) return true;
  const auto* const annotations = find(of, {"metadata", "annotations"});
  if (annotations == nullptr || !annotations->is_object()) return false;
  for (const auto& [key, value] : annotations->items()) {
    if (key.starts_with(kDomain)) return true;
  }
  return false;
}

std::string misplacedIn(const Json& document, const Json& pod, std::string_view kind) {
  if (&document == &pod || mentionsUs(pod)) return "";
  if (mentionsUs(document)) return "metadata of the " + std::string(kind);
  const auto* const job = find(document, {"spec", "jobTemplate"});
  return job != nullptr && mentionsUs(*job) ? "spec.jobTemplate.metadata" : "";
}

void addPodsOf(Json& document, std::vector<PodPlace>& places, std::vector<std::string>& mistakes) {
  const std::string kind(findText(document, {"kind"}));
  if (auto* const items = findIn(document, {"items"}); kind.ends_with("List") && items != nullptr) {
    if (!items->is_array()) return mistakes.push_back(kind + ": items is not a list");
    for (auto& item : *items) addPodsOf(item, places, mistakes);
    return;
  }
  const auto shown = printable(kind.empty() ? "template" : kind, 64);
  const auto what =
      fmt::format("{} {}", shown, printable(findText(document, {"metadata", "name"}), 128));
  if (kind == "Pod" && findText(document, {"apiVersion"}) != "v1") {
    return mistakes.push_back(what + ": apiVersion is not v1, expected a Pod of v1");
  }
  const auto place = placeOf(kind);
  auto* const pod = place ? findIn(document, *place) : findByContainers(document, kind.empty());
  if (pod != nullptr) {
    places.push_back({pod, what, misplacedIn(document, *pod, shown)});
  } else if (place) {
    mistakes.push_back(fmt::format("{}: the pod's template is missing, expected it at {}", what,
                                   kind == "CronJob"       ? "spec.jobTemplate.spec.template"
                                   : kind == "PodTemplate" ? "template"
                                                           : "spec.template"));
  }
}

}  // namespace

std::vector<PodPlace> podsIn(Json& document, std::vector<std::string>& mistakes) {
  std::vector<PodPlace> places;
  addPodsOf(document, places, mistakes);
  return places;
}

}  // namespace postern::kube
