#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/log_on_change.h"
#include "kube/api_client.h"

namespace postern::kube {

// Whether the whole cluster supports native sidecars (restartable init containers), which the API
// server and the kubelet have since 1.29. An API server of 1.32 or newer suffices, because its
// kubelets are not older than 1.29. Ignores nodes with an unreadable version. A failed request
// changes nothing. One thread.
class NativeSidecars {
 public:
  // Updates `supported`, which starts as false. Both must outlive this.
  NativeSidecars(ApiClient& api, std::atomic<bool>& supported);

  // Asks the API server for its version, and for every kubelet's if needed. Returns the time until
  // the next call.
  std::chrono::milliseconds update(const std::stop_token& stop);

 private:
  struct Finding {
    bool supported = false;
    std::string why;
  };
  Result<Finding> findOut(const std::stop_token& stop);
  // `the_server` is the start of the reason.
  Result<Finding> checkKubelets(const std::string& the_server, const std::stop_token& stop);

  ApiClient& api_;
  std::atomic<bool>& supported_;
  LogOnChange failing_;
  LogOnChange kind_;  // the kind of sidecar that pods get, since the first answer
};

struct KubernetesVersion {
  unsigned major = 0;
  unsigned minor = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads <=>
  auto operator<=>(const KubernetesVersion&) const = default;
};

// The version of an API server or a kubelet ("v1.29.3-eks-1", "1.30+"). Nothing if it is
// unreadable, or if its node has no kubelet ("v1.25.0-vk-azure-aci-1.6.2", "kwok-v0.6.0").
std::optional<KubernetesVersion> parseKubernetesVersion(std::string_view text);

}  // namespace postern::kube
