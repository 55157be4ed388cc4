#include "kube/uninjected_pods.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/log.h"
#include "kube/pager.h"

namespace postern::kube {
namespace {

constexpr std::chrono::minutes kListInterval{1};

// Pods with the label that requests a sidecar, without the one that the webhook writes.
constexpr const char* kRequestedButUninjected =
    "postern.io/inject,postern.io/inject!=false,postern.io/status!=injected";
constexpr const char* kNotEnded = "status.phase!=Succeeded,status.phase!=Failed";

// A mirror of a static pod is owned by its node, and is not counted.
bool isMirror(const Json& pod) {
  return std::ranges::any_of(findList(pod, {"metadata", "ownerReferences"}),
                             [](const Json& owner) { return findText(owner, {"kind"}) == "Node"; });
}

void count(const Json& page, UninjectedPods::PodCounts& counts) {
  const auto* const items = find(page, {"items"});
  if (items == nullptr || !items->is_array()) return;
  for (const auto& item : *items) {
    if (isMirror(item)) continue;
    const std::string name(findText(item, {"metadata", "namespace"}));
    const bool room = counts.size() < UninjectedPods::kMostNamespaces || counts.contains(name);
    ++counts[room ? name : UninjectedPods::kOthers];
  }
}

// Logs new ones in one line, and each only once.
void logNew(const UninjectedPods::PodCounts& before, const UninjectedPods::PodCounts& now) {
  constexpr std::size_t kShown = 5;
  std::string names;
  std::size_t namespaces = 0;
  for (const auto& [name, pods] : now) {
    const auto known = before.find(name);
    if (known != before.end() && known->second >= pods) continue;
    if (++namespaces > kShown) continue;
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", name, pods);
  }
  if (namespaces == 0) return;
  if (namespaces > kShown) names += fmt::format(" and {} more", namespaces - kShown);
  log::warn(
      "pods request a sidecar and have none, they were created while the webhook was not available",
      {{"namespaces", names}, {"next", "restart their workloads"}});
}

}  // namespace

UninjectedPods::UninjectedPods(ApiClient& api) : api_(api) {}

std::chrono::milliseconds UninjectedPods::update(const std::stop_token& stop) {
  const ListRequest listing{
      "listing pods", "/api/v1/pods",
      fmt::format("labelSelector={}&fieldSelector={}", percentEncode(kRequestedButUninjected),
                  percentEncode(kNotEnded)),
      kOnlyMetadata};
  PodCounts found;
  const auto listed = eachPage(api_, listing, stop, [&](const Json& page, bool first) {
    if (first) found.clear();
    count(page, found);
  });
  if (stop.stop_requested()) return kListInterval;
  logFailure(
      failing_, "listing the pods without a sidecar", listed,
      "postern_inject_missed_pods keeps its values, postern lists pods again in one minute; an "
      "injector without the right to list pods needs --inject.count-missed-pods=false");
  if (!listed) return kListInterval;
  logNew(counts(), found);
  const MutexLock lock(mutex_);
  counts_ = std::move(found);
  return kListInterval;
}

UninjectedPods::PodCounts UninjectedPods::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

}  // namespace postern::kube
