#include "kube/pod.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/printable.h"
#include "kube/windows.h"

namespace postern::kube {
namespace {

constexpr std::string_view kAlways = "Always";
// Annotation of the pod that mirrors a kubelet's static pod in the API server.
constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";

using Mistakes = std::vector<std::string>;

// Describes a value that is not text, without quoting it: a number could be a secret.
std::string shownValue(const Json& value) {
  if (value.is_boolean()) return value == true ? "the boolean true" : "the boolean false";
  if (value.is_number()) return "a number";
  return value.is_null() ? "null" : "a list or a map";
}

StringMap readWords(const Json& document, std::string_view key, Mistakes& mistakes) {
  StringMap words;
  const auto* map = find(document, {"metadata", key});
  if (map == nullptr) return words;
  const std::string name = "metadata." + std::string(key);
  if (!map->is_object()) {
    mistakes.push_back(name + " is not a map");
    return words;
  }
  for (const auto& [word, value] : map->items()) {
    if (value.is_string()) {
      words.emplace(word, value.get<std::string>());
    } else {
      mistakes.push_back(fmt::format("{}.{} is {}, expected text: write the value in quotes", name,
                                     printable(word), shownValue(value)));
    }
  }
  return words;
}

// The entries of a list of objects that have names.
std::vector<std::pair<std::string, const Json*>> readNamed(const Json& document,
                                                           std::string_view key,
                                                           Mistakes& mistakes) {
  std::vector<std::pair<std::string, const Json*>> named;
  const auto* list = find(document, {"spec", key});
  if (list == nullptr) return named;
  if (!list->is_array()) {
    mistakes.push_back(fmt::format("spec.{} is not a list", key));
    return named;
  }
  for (const auto& entry : *list) {
    const auto name = findText(entry, {"name"});
    if (name.empty()) {
      mistakes.push_back(fmt::format("spec.{} has an entry without a name", key));
    } else {
      named.emplace_back(name, &entry);
    }
  }
  return named;
}

void addPort(const Json* number, const std::string& whose, Pod& pod) {
  if (number == nullptr || !number->is_number_integer()) return;
  const auto port = number->get<std::int64_t>();
  if (port <= 0 || port > std::numeric_limits<std::uint16_t>::max()) return;
  pod.ports.emplace(static_cast<std::uint16_t>(port), whose);
}

// The ports that a container declares, and those of its probes.
void addPorts(const Json& container, const std::string& name, Pod& pod) {
  const std::string whose = "container " + printable(name);
  const auto* ports = find(container, {"ports"});
  if (ports != nullptr && ports->is_array()) {
    for (const auto& port : *ports) {
      const auto protocol = findText(port, {"protocol"});
      if (!protocol.empty() && protocol != "TCP") continue;
      addPort(find(port, {"containerPort"}), whose, pod);
      if (pod.host_network) addPort(find(port, {"hostPort"}), whose, pod);
    }
  }
  for (const auto* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    for (const auto* way : {"httpGet", "tcpSocket", "grpc"}) {
      addPort(find(container, {probe, way, "port"}), "a probe of " + whose, pod);
    }
  }
}

void readContainers(const Json& document, Pod& pod, Mistakes& mistakes) {
  for (const auto& [name, container] : readNamed(document, "containers", mistakes)) {
    pod.containers.push_back(name);
    addPorts(*container, name, pod);
  }
  for (const auto& [name, container] : readNamed(document, "initContainers", mistakes)) {
    pod.other_containers.push_back(name);
    // The other init containers have ended before postern listens.
    if (findText(*container, {"restartPolicy"}) == kAlways) addPorts(*container, name, pod);
  }
  for (const auto& [name, container] : readNamed(document, "ephemeralContainers", mistakes)) {
    pod.other_containers.push_back(name);
  }
  if (pod.containers.empty()) {
    mistakes.emplace_back(
        "the pod has no containers, expected at least one in addition to the sidecar");
  }
}

}  // namespace

bool Pod::hasContainer(std::string_view wanted) const {
  return std::ranges::count(containers, wanted) + std::ranges::count(other_containers, wanted) > 0;
}

Pod readPod(const Json& document, Mistakes& mistakes) {
  Pod pod;
  pod.name = findText(document, {"metadata", "name"});
  if (pod.name.empty()) pod.name = findText(document, {"metadata", "generateName"});
  pod.labels = readWords(document, "labels", mistakes);
  pod.annotations = readWords(document, "annotations", mistakes);
  const auto policy = findText(document, {"spec", "restartPolicy"});
  pod.restart_policy = policy.empty() ? kAlways : policy;
  const auto* host_network = find(document, {"spec", "hostNetwork"});
  pod.host_network = host_network != nullptr && *host_network == true;
  pod.is_mirror = pod.annotations.count(kMirrorAnnotation) > 0;
  pod.has_fs_group = find(document, {"spec", "securityContext", "fsGroup"}) != nullptr;
  const auto* user = find(document, {"spec", "securityContext", "runAsUser"});
  pod.runs_as_root = user != nullptr && *user == 0;
  pod.windows = windowsFieldOf(document);
  readContainers(document, pod, mistakes);
  for (const auto& [name, volume] : readNamed(document, "volumes", mistakes)) {
    pod.volumes.emplace(name, *volume);
  }
  return pod;
}

}  // namespace postern::kube
