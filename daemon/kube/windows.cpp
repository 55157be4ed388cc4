#include "kube/windows.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace postern::kube {
namespace {

// Does not read a RuntimeClass: its node selector is already in the pod before a webhook sees it.
constexpr std::array<std::string_view, 2> kOsLabels = {"kubernetes.io/os", "beta.kubernetes.io/os"};
constexpr std::string_view kBuildLabel = "node.kubernetes.io/windows-build";
// Their values start with "windows", such as "windows_ltsc" and "Windows2022".
constexpr std::array<std::string_view, 2> kVendorLabels = {"cloud.google.com/gke-os-distribution",
                                                           "kubernetes.azure.com/os-sku"};
constexpr std::string_view kWindows = "windows";
constexpr std::string_view kLinux = "linux";

template <std::size_t N>
bool isOneOf(const std::array<std::string_view, N>& labels, std::string_view key) {
  return std::ranges::find(labels, key) != labels.end();
}

// Whether only Windows nodes have this label.
bool isWindowsLabel(std::string_view key, std::string_view value) {
  if (key == kBuildLabel) return true;
  if (isOneOf(kOsLabels, key)) return value == kWindows;
  return isOneOf(kVendorLabels, key) &&
         equalsIgnoringCase(value.substr(0, kWindows.size()), kWindows);
}

std::string_view textOf(const Json& value) {
  return value.is_string() ? std::string_view(*value.get_ptr<const std::string*>())
                           : std::string_view();
}

// One of the `matchExpressions` of a node selector.
bool demandsWindows(const Json& expression) {
  const auto key = findText(expression, {"key"});
  const auto operation = findText(expression, {"operator"});
  const auto& values = findList(expression, {"values"});
  if (key == kBuildLabel) return operation != "NotIn" && operation != "DoesNotExist";
  if (operation == "In") {
    return !values.empty() && std::ranges::all_of(values, [&](const Json& value) {
      return isWindowsLabel(key, textOf(value));
    });
  }
  // A node has one of two operating systems.
  return operation == "NotIn" && isOneOf(kOsLabels, key) &&
         std::ranges::any_of(values, [](const Json& value) { return textOf(value) == kLinux; });
}

// A node matches if it matches one of the terms. A term without requirements matches no node.
bool hasWindowsAffinity(const Json& pod) {
  bool any = false;
  for (const auto& term :
       findList(pod, {"spec", "affinity", "nodeAffinity",
                      "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"})) {
    const auto& expressions = findList(term, {"matchExpressions"});
    if (expressions.empty() && findList(term, {"matchFields"}).empty()) continue;
    if (std::ranges::none_of(expressions, demandsWindows)) return false;
    any = true;
  }
  return any;
}

bool hasWindowsOptions(const Json& of) {
  const auto* const options = find(of, {"securityContext", "windowsOptions"});
  return options != nullptr && options->is_object() && !options->empty();
}

// The field with options for Windows, which a Linux node ignores.
std::string windowsOptionsIn(const Json& pod) {
  const auto* const spec = find(pod, {"spec"});
  if (spec == nullptr) return "";
  if (hasWindowsOptions(*spec)) return "spec.securityContext.windowsOptions";
  for (const std::string list : {"containers", "initContainers", "ephemeralContainers"}) {
    if (std::ranges::any_of(findList(*spec, {list}), hasWindowsOptions)) {
      return "securityContext.windowsOptions in spec." + list;
    }
  }
  return "";
}

}  // namespace

std::string windowsFieldOf(const Json& pod) {
  const auto os = findText(pod, {"spec", "os", "name"});
  if (os == kWindows) return "spec.os.name";
  bool linux_alone = os == kLinux;
  if (const auto* const selector = find(pod, {"spec", "nodeSelector"});
      selector != nullptr && selector->is_object()) {
    for (const auto& [key, value] : selector->items()) {
      if (isWindowsLabel(key, textOf(value))) return "spec.nodeSelector." + key;
      linux_alone = linux_alone || (isOneOf(kOsLabels, key) && textOf(value) == kLinux);
    }
  }
  if (hasWindowsAffinity(pod)) return "spec.affinity.nodeAffinity";
  return linux_alone ? "" : windowsOptionsIn(pod);
}

}  // namespace postern::kube
