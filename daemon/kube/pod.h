#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kube/json.h"

namespace postern::kube {

using Words = std::map<std::string, std::string, std::less<>>;

// What the injector has to know of a pod.
struct Pod {
  std::string name;  // or what it will begin with, for people
  Words labels;
  Words annotations;
  std::string restart_policy;  // "Always" when the pod says nothing
  bool host_network = false;
  bool is_mirror = false;  // of a static pod, so that changes do not reach it
  bool has_fs_group = false;
  bool runs_as_root = false;                  // its containers, unless they say otherwise
  std::string windows;                        // where it says that it is for Windows, or empty
  std::vector<std::string> containers;        // names; at least one
  std::vector<std::string> other_containers;  // of init and ephemeral containers
  std::map<std::string, Json, std::less<>> volumes;  // by name
  std::map<std::uint16_t, std::string> ports;        // that something listens on: whose

  bool hasContainer(std::string_view wanted) const;
};

// Reads what is there. What cannot be a pod is said in `mistakes`; the rest is read all the same.
Pod readPod(const Json& document, std::vector<std::string>& mistakes);

}  // namespace postern::kube
