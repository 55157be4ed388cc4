#pragma once

#include <string>

#include "kube/json.h"

namespace postern::kube {

// The field of a pod that restricts it to Windows nodes, such as "spec.os.name"; otherwise empty.
std::string windowsFieldOf(const Json& pod);

}  // namespace postern::kube
