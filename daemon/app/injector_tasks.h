#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/inject.h"
#include "kube/api_client.h"
#include "kube/chores.h"
#include "kube/missed_pods.h"
#include "kube/native_sidecars.h"
#include "kube/serving_certificate.h"
#include "kube/serving_material.h"

namespace postern::app {

// Where the cluster is, as flags or the pod's environment say.
struct ClusterPlace {
  std::optional<kube::ApiAccess> api;  // none: nobody said
  std::string own_namespace;           // likewise empty
};
ClusterPlace placeOf(const config::Inject& options);

// What nobody said and a certificate of the injector's own needs, each with its flag; empty when it
// has another.
std::vector<std::string> missingFor(const config::Inject& options, const ClusterPlace& place);

// The periodic requests of the injector to the API server, on a thread of their own: whether
// sidecars may be native ones, which pods have no sidecar (unless
// --inject.count-missed-pods=false), and the certificate of the webhook (unless --tls.dir holds
// one).
class InjectorTasks {
 public:
  // Requires place.api, and that missingFor() finds nothing. Starts at once. All references must
  // outlive this; only --native-sidecar=auto writes `native`.
  InjectorTasks(const config::Inject& options, const ClusterPlace& place,
                kube::ServingMaterial& material, std::atomic<bool>& native, const Clock& clock);

  // Thread-safe.
  kube::MissedPods::Counts missedPods() const { return missed_.counts(); }
  kube::ApiClient::Counts apiRequests() const { return api_.counts(); }
  // Sends no further request. False when one was still waiting for its answer at `deadline`.
  bool stop(SteadyTime deadline) { return chores_.stop(deadline); }

 private:
  std::vector<kube::Chores::Chore> choresFor(const config::Inject& options);

  kube::ApiClient api_;
  kube::NativeSidecars native_;
  kube::MissedPods missed_;
  kube::ServingCertificate certificate_;
  kube::Chores chores_;
};

}  // namespace postern::app
