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

using StringMap = std::map<std::string, std::string, std::less<>>;

// The parts of a pod that the injector needs.
struct Pod {
  std::string name;  // or its generateName; for messages
  StringMap labels;
  StringMap annotations;
  std::string restart_policy;  // "Always" if the pod does not set it
  bool host_network = false;
  bool is_mirror = false;  // mirrors a static pod, so changes have no effect
  bool has_fs_group = false;
  bool runs_as_root = false;            // the default of its containers
  std::string windows;                  // the field that says that it is for Windows, or empty
  std::vector<std::string> containers;  // names; at least one
  std::vector<std::string> other_containers;         // of init and ephemeral containers
  std::map<std::string, Json, std::less<>> volumes;  // by name
  std::map<std::uint16_t, std::string> ports;        // ports in use, and who uses them

  bool hasContainer(std::string_view wanted) const;
};

// Reads a pod. Adds invalid parts to `mistakes`, and reads all others anyway.
Pod readPod(const Json& document, std::vector<std::string>& mistakes);

}  // namespace postern::kube
