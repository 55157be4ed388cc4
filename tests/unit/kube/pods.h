#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kube/inject.h"

namespace postern::kube {

using PodOptions = std::vector<std::pair<std::string, std::string>>;

// A pod that asks for a sidecar, with these annotations of postern. Adds a target unless they name
// one.
inline Json podRequesting(const PodOptions& options = {}) {
  Json annotations = {{"postern.io/target-url", "https://localhost:8443"}};
  for (const auto& [key, value] : options) annotations["postern.io/" + key] = value;
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata",
           {{"name", "web"},
            {"labels", {{"postern.io/inject", "true"}}},
            {"annotations", std::move(annotations)}}},
          {"spec", {{"containers", Json::array({{{"name", "web"}, {"image", "web:7"}}})}}}};
}

inline InjectionRules rulesWith(config::Pairs defaults = {}, bool native = false) {
  return {
      "registry.example/postern:1", {"registry.example/postern:*"}, std::move(defaults), [native] {
        return native;
      }};
}

// The sidecar of a pod that has been injected; null when it has none.
inline Json sidecarIn(const Json& pod) {
  for (const auto* list : {"containers", "initContainers"}) {
    if (!pod["spec"].contains(list)) continue;
    for (const auto& container : pod["spec"][list]) {
      if (container["name"] == "postern") return container;
    }
  }
  return nullptr;
}

// The value of the sidecar's variable; empty if it is not set.
inline std::string variableOf(const Json& sidecar, const std::string& name) {
  for (const auto& variable : sidecar["env"]) {
    if (variable["name"] == name) return variable["value"];
  }
  return "";
}

}  // namespace postern::kube
