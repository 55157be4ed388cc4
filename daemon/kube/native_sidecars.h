#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "kube/api_client.h"
#include "kube/trouble.h"

namespace postern::kube {

// Whether every part of the cluster knows native sidecars: init containers that stay, which the API
// server and the kubelet have since 1.29. An answer that does not come leaves it as it was. One
// thread.
class NativeSidecars {
 public:
  // Keeps `supported`, which begins as false. Both must outlive this.
  NativeSidecars(ApiClient& api, std::atomic<bool>& supported);

  // Asks the API server and for the kubelet of every node. Returns when to ask again.
  std::chrono::milliseconds ask(const std::stop_token& stop);

 private:
  struct Finding {
    bool supported = false;
    std::string why;
  };
  Result<Finding> look(const std::stop_token& stop);

  ApiClient& api_;
  std::atomic<bool>& supported_;
  Trouble trouble_;
  std::optional<bool> found_;  // at the last time that the cluster answered
};

// Whether `version` ("v1.29.3-eks-1", "1.30+") is one with native sidecars; false when it is none.
bool hasNativeSidecars(std::string_view version);

}  // namespace postern::kube
