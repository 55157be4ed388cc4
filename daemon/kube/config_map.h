#pragma once

#include <string>

#include "kube/json.h"
#include "kube/rules.h"

namespace postern::kube {

inline constexpr std::string_view kConfigLabel = "postern.io/config";  // "true": is one of ours

// Whether a ConfigMap says that it holds a configuration.
bool holdsConfiguration(const Json& config_map);
// What is wrong with that configuration: file, line, column and a sentence for every mistake. Empty
// when it is valid and names only hosts that `rules` allow. The files that it names are for another
// machine, and are not read.
std::string mistakesOfConfigMap(const Json& config_map, const Rules& rules);

}  // namespace postern::kube
