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

// Whether every part of the cluster knows native sidecars (restartable init containers), which the
// API server and the kubelet have since 1.29. An API server of 1.32 or newer is enough, as its
// kubelets cannot be older. Nodes whose version cannot be read decide nothing. An answer that does
// not come leaves it as it was. One thread.
class NativeSidecars {
 public:
  // Keeps `supported`, which begins as false. Both must outlive this.
  NativeSidecars(ApiClient& api, std::atomic<bool>& supported);

  // Asks the API server, and for the kubelet of every node if needed. Returns when to ask again.
  std::chrono::milliseconds ask(const std::stop_token& stop);

 private:
  struct Finding {
    bool supported = false;
    std::string why;
  };
  Result<Finding> look(const std::stop_token& stop);
  // `the_server` begins the reason.
  Result<Finding> lookAtKubelets(const std::string& the_server, const std::stop_token& stop);

  ApiClient& api_;
  std::atomic<bool>& supported_;
  LogOnChange failing_;
  LogOnChange kind_;  // of sidecar that pods get, since the cluster has answered
};

struct KubernetesVersion {
  unsigned major = 0;
  unsigned minor = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads <=>
  auto operator<=>(const KubernetesVersion&) const = default;
};

// Of an API server or a kubelet ("v1.29.3-eks-1", "1.30+"). Nothing when it cannot be read, or is
// of a node without a kubelet ("v1.25.0-vk-azure-aci-1.6.2", "kwok-v0.6.0").
std::optional<KubernetesVersion> parseKubernetesVersion(std::string_view text);

}  // namespace postern::kube
