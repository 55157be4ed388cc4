#include "scrape/relabeler_pool.h"

#include <utility>

#include "scrape/digests.h"

namespace postern::scrape {

std::shared_ptr<const relabel::Rules> compileRules(const config::Reshape& config) {
  return relabel::Rules::compile(config, makeDigests(config.anonymize.salt));
}

RelabelerPool::RelabelerPool(const config::Reshape& config) : rules_(compileRules(config)) {}

RelabelerPool::Lease RelabelerPool::lease() {
  if (!rules_->any()) return {};
  std::unique_ptr<relabel::Relabeler> reshaper;
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      reshaper = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!reshaper) reshaper = std::make_unique<relabel::Relabeler>(rules_);
  return {reshaper.release(), Return{this}};
}

void RelabelerPool::Return::operator()(relabel::Relabeler* used) const {
  std::unique_ptr<relabel::Relabeler> owned(used);
  const MutexLock lock(owner->mutex_);
  owner->idle_.push_back(std::move(owned));
}

}  // namespace postern::scrape
