#pragma once

#include <string>

#include "kube/injection_rules.h"
#include "kube/json.h"

namespace postern::kube {

inline constexpr std::string_view kConfigLabel = "postern.io/config";  // "true": contains one

// Whether a ConfigMap is labeled as a configuration.
bool holdsConfiguration(const Json& config_map);
// What is wrong with that configuration: file, line, column and a sentence for every mistake. Empty
// if it is valid and names only hosts that `rules` allow. Does not read the files that it names:
// they are on another machine.
std::string mistakesOfConfigMap(const Json& config_map, const InjectionRules& rules);

}  // namespace postern::kube
