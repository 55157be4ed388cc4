#pragma once

#include <optional>
#include <string>

#include "kube/json.h"

namespace postern::kube {

// A manifest as people write it, one document of YAML or JSON. A plain word is what it would be for
// kubectl: `true` and `yes` are booleans, 3000 is a number. Nothing after setting `wrong`.
std::optional<Json> parseManifest(const std::string& text, std::string& wrong);

}  // namespace postern::kube
