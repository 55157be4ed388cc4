#include "web/targets.h"

#include <algorithm>

namespace postern::web {

std::shared_ptr<scrape::Target> Targets::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(all, [&](const auto& target) { return target->config().name == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace postern::web
