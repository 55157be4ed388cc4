#pragma once

#include <string>

#include "kube/json.h"

namespace postern::kube {

// The field of a pod that says that it runs on Windows nodes alone, such as "spec.os.name"; empty
// when none does.
std::string windowsFieldOf(const Json& pod);

}  // namespace postern::kube
