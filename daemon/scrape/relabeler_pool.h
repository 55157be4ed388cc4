#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "config/reshape.h"
#include "relabel/relabeler.h"

namespace postern::scrape {

// The compiled rules with the digests that they need.
std::shared_ptr<const relabel::Rules> compileRules(const config::Reshape& config);

// Lends the relabelers of one target to its runs, because their cached label sets are worth keeping
// between scrapes. Keeps as many as were ever lent at the same time. Thread-safe; must outlive its
// leases.
class RelabelerPool {
 public:
  explicit RelabelerPool(const config::Reshape& config);

  // Returns a lent relabeler.
  struct Return {
    RelabelerPool* owner = nullptr;
    void operator()(relabel::Relabeler* used) const;
  };
  using RelabelerLease = std::unique_ptr<relabel::Relabeler, Return>;
  // Null when the target has no rules.
  RelabelerLease lease();

 private:
  const std::shared_ptr<const relabel::Rules> rules_;
  Mutex mutex_;
  std::vector<std::unique_ptr<relabel::Relabeler>> idle_ GUARDED_BY(mutex_);
};

}  // namespace postern::scrape
