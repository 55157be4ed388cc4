#pragma once

#include <optional>
#include <string_view>

namespace postern::kube {

// A quantity of Kubernetes without a sign ("5m", "0.1", "16Mi", "1e3"): cores or bytes. Nothing
// when it is none.
std::optional<double> parseQuantity(std::string_view text);

}  // namespace postern::kube
