#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "scrape/target.h"

namespace postern::web {

// The targets that are served at one moment. Immutable; a reload replaces all of it.
struct Targets {
  // The first one answers /metrics. Empty only while postern waits for its configuration.
  std::vector<std::shared_ptr<scrape::Target>> all;

  // Null when no target has that name.
  std::shared_ptr<scrape::Target> find(std::string_view name) const;
};

using TargetsNow = std::shared_ptr<const Targets>;

}  // namespace postern::web
