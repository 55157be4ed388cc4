#include "web/request_stats.h"

namespace postern::web {

void RequestStats::answered(Handler handler, int code, double seconds) {
  const MutexLock lock(mutex_);
  OfHandler& of = all_[static_cast<std::size_t>(handler)];
  ++of.by_code[code];
  of.durations.observe(seconds);
}

RequestStats::All RequestStats::all() const {
  const MutexLock lock(mutex_);
  return all_;
}

}  // namespace postern::web
