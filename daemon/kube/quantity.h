#pragma once

#include <optional>
#include <string_view>

namespace postern::kube {

// A Kubernetes quantity without a sign ("5m", "0.1", "16Mi", "1e3"): cores or bytes. Nothing if it
// is invalid.
std::optional<double> parseQuantity(std::string_view text);

}  // namespace postern::kube
