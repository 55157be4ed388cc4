#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/inject.h"
#include "kube/api_client.h"
#include "kube/native_sidecars.h"
#include "kube/periodic_tasks.h"
#include "kube/serving_certificate.h"
#include "kube/serving_material.h"
#include "kube/uninjected_pods.h"

namespace postern::app {

// The API server and the injector's namespace, from flags or the pod's environment.
struct ClusterPlace {
  std::optional<kube::ApiAccess> api;  // not set: unknown
  std::string own_namespace;           // empty: unknown
};
ClusterPlace placeOf(const config::Inject& options);

// The missing values that a certificate of the injector's own needs, each with its flag. Empty if
// --tls.dir has a certificate.
std::vector<std::string> missingFor(const config::Inject& options, const ClusterPlace& place);

// The periodic requests of the injector to the API server, on a thread of their own: whether
// sidecars may be native ones, which pods have no sidecar (unless
// --inject.count-missed-pods=false), and the certificate of the webhook (unless --tls.dir has one).
class InjectorTasks {
 public:
  // Requires place.api, and that missingFor() returns nothing. Starts at once. All references must
  // outlive this. Writes `native` only with --native-sidecar=auto.
  InjectorTasks(const config::Inject& options, const ClusterPlace& place,
                kube::ServingMaterial& material, std::atomic<bool>& native, const Clock& clock);

  // Thread-safe.
  kube::UninjectedPods::PodCounts uninjectedPods() const { return uninjected_pods_.counts(); }
  kube::ApiClient::RequestCounts apiRequests() const { return api_.counts(); }
  // Sends no more requests. False if one was still waiting for its response at `deadline`.
  bool stop(SteadyTime deadline) { return tasks_.stop(deadline); }

 private:
  std::vector<kube::PeriodicTasks::Action> tasksFor(const config::Inject& options);

  kube::ApiClient api_;
  kube::NativeSidecars native_sidecars_;
  kube::UninjectedPods uninjected_pods_;
  kube::ServingCertificate certificate_;
  kube::PeriodicTasks tasks_;
};

}  // namespace postern::app
