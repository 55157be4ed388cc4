#pragma once

#include <string>
#include <vector>

#include "kube/json.h"

namespace postern::kube {

// Reads the documents of a manifest in YAML or JSON, as kubectl does: with anchors, merge keys and
// flow style. A plain word is a boolean (`true`, `yes`) or a number (3000) as in YAML 1.1. But a
// duplicate key is a mistake. On failure returns nothing and sets `wrong`.
std::vector<Json> parseManifests(const std::string& text, std::string& wrong);

}  // namespace postern::kube
