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

// How many pods ask for a sidecar and have none, because they were made before the webhook was
// there or past it. Pods that have ended do not count. Asked by one thread, read by any.
class MissedPods {
 public:
  using Counts = std::map<std::string, std::uint64_t>;  // by namespace

  // More namespaces than these are counted together, as this one.
  static constexpr std::size_t kMostNamespaces = 1000;
  static constexpr const char* kOthers = "(others)";

  // `api` must outlive this.
  explicit MissedPods(ApiClient& api);

  // Lists the pods. A list that fails leaves the counts as they were. Returns when to ask again.
  std::chrono::milliseconds ask(const std::stop_token& stop);
  // Of the last whole list; a namespace without such pods is not in it.
  Counts counts() const;

 private:
  ApiClient& api_;
  LogOnChange failing_;
  mutable Mutex mutex_;
  Counts counts_ GUARDED_BY(mutex_);
};

}  // namespace postern::kube
