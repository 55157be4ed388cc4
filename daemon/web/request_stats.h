#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

#include "base/mutex.h"
#include "scrape/stats.h"

namespace postern::web {

// The handler of a request; the label `handler`.
enum class Handler { Page, Health, Live, Self, Reload, Index, None, Status, Display };
inline constexpr std::array<std::string_view, 9> kHandlerNames = {
    "page", "health", "live", "self", "reload", "index", "none", "status", "display"};

// Counts the requests to postern's own listeners. Thread-safe.
class RequestStats {
 public:
  struct OfHandler {
    std::map<int, std::uint64_t> by_code = {{200, 0}};
    scrape::Histogram durations;
  };
  using All = std::array<OfHandler, kHandlerNames.size()>;

  void answered(Handler handler, int code, double seconds);
  All all() const;

 private:
  mutable Mutex mutex_;
  All all_ GUARDED_BY(mutex_);
};

}  // namespace postern::web
