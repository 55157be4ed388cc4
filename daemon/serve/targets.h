#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "scrape/target.h"

namespace postern::serve {

// What is served at one moment: immutable, replaced whole by a reload.
struct Targets {
  // The first answers /metrics. Empty only while the configuration is awaited.
  std::vector<std::shared_ptr<scrape::Target>> all;

  // Null when there is none of that name.
  std::shared_ptr<scrape::Target> find(std::string_view name) const;
};

using TargetsNow = std::shared_ptr<const Targets>;

}  // namespace postern::serve
