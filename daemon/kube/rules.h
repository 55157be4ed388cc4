#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/login.h"

namespace postern::kube {

// What the cluster's operator decides. Constant while in use.
struct Rules {
  std::string image;
  std::vector<std::string> allowed_images;  // matchesImage(); `image` is allowed always
  config::Pairs defaults;                   // annotations without their prefix
  // Whether API server and nodes know native sidecars. Called on any thread; never waits.
  std::function<bool()> native_sidecars;
  std::vector<std::string> locked_annotations{};  // without their prefix; pods may not set them
  // Patterns of matchesHost(), for hosts that a pod or a ConfigMap may name; empty: every host.
  std::vector<std::string> allowed_target_hosts{};

  bool locks(std::string_view annotation) const;
};

// What is wrong with the defaults that every pod would be refused for; empty: nothing.
std::string mistakeIn(const Rules& rules);
// What is wrong with `locked_annotations`; empty: nothing.
std::string mistakeInLocks(const Rules& rules);

}  // namespace postern::kube
