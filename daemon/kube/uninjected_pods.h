#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>

#include "base/log_on_change.h"
#include "base/mutex.h"
#include "kube/api_client.h"

namespace postern::kube {

// Counts the pods that request a sidecar and have none, because they were created before the
// webhook or bypassed it. Ignores pods that have ended. One thread updates it, any thread reads it.
class UninjectedPods {
 public:
  using PodCounts = std::map<std::string, std::uint64_t>;  // by namespace

  // Namespaces beyond this limit are counted together under this name.
  static constexpr std::size_t kMostNamespaces = 1000;
  static constexpr const char* kOthers = "(others)";

  // `api` must outlive this.
  explicit UninjectedPods(ApiClient& api);

  // Lists the pods. If that fails, keeps the counts. Returns the time until the next call.
  std::chrono::milliseconds update(const std::stop_token& stop);
  // The counts of the last complete list, without namespaces that have no such pods.
  PodCounts counts() const;

 private:
  ApiClient& api_;
  LogOnChange failing_;
  mutable Mutex mutex_;
  PodCounts counts_ GUARDED_BY(mutex_);
};

}  // namespace postern::kube
