#include "scrape/relabeler_pool.h"

#include <utility>

#include "scrape/digests.h"

namespace postern::scrape {

std::shared_ptr<const exposition::Rules> compileRules(const config::Reshape& config) {
  return exposition::Rules::compile(config, makeDigests(config.anonymize.salt));
}

RelabelerPool::RelabelerPool(const config::Reshape& config) : rules_(compileRules(config)) {}

RelabelerPool::RelabelerLease RelabelerPool::lease() {
  if (!rules_->any()) return {};
  std::unique_ptr<exposition::Relabeler> relabeler;
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      relabeler = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!relabeler) relabeler = std::make_unique<exposition::Relabeler>(rules_);
  return {relabeler.release(), Return{this}};
}

void RelabelerPool::Return::operator()(exposition::Relabeler* used) const {
  std::unique_ptr<exposition::Relabeler> owned(used);
  const MutexLock lock(owner->mutex_);
  owner->idle_.push_back(std::move(owned));
}

}  // namespace postern::scrape
