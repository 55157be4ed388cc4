#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/login.h"

namespace postern::kube {

// The operator's configuration of the injector. Constant while in use.
struct InjectionRules {
  std::string image;
  std::vector<std::string> allowed_images;  // globs of matchesImage(); `image` is always allowed
  config::Pairs defaults;                   // annotations without their prefix
  // Whether API server and nodes support native sidecars. Called on any thread; does not block.
  std::function<bool()> native_sidecars;
  std::vector<std::string> locked_annotations{};  // without their prefix; pods may not set them
  // Patterns of matchesHost(), for hosts that a pod or a ConfigMap may name; empty: every host.
  std::vector<std::string> allowed_target_hosts{};

  bool locks(std::string_view annotation) const;
};

// Mistakes of the defaults, for which every pod would be refused; empty if they are valid.
std::string mistakeIn(const InjectionRules& rules);
// What is wrong with `locked_annotations`, or an empty text.
std::string mistakeInLocks(const InjectionRules& rules);

}  // namespace postern::kube
