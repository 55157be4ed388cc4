#pragma once

#include <string>
#include <vector>

#include "kube/json.h"

namespace postern::kube {

// The documents of a manifest as people write it, of YAML or JSON, as kubectl reads them: anchors,
// merge keys and flow style; a plain word is a boolean (`true`, `yes`) or a number (3000) where
// YAML 1.1 has it so. But a key that is given twice is a mistake. Nothing after setting `wrong`.
std::vector<Json> parseManifests(const std::string& text, std::string& wrong);

}  // namespace postern::kube
