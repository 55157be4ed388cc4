#include "kube/config_map.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "config/config.h"
#include "kube/target_hosts.h"
#include "presets/registry.h"

namespace postern::kube {
namespace {

constexpr const char* kFile = "postern.yml";
constexpr std::size_t kMostReported = 10;

}  // namespace

bool holdsConfiguration(const Json& config_map) {
  return findText(config_map, {"metadata", "labels", kConfigLabel}) == "true";
}

std::string mistakesOfConfigMap(const Json& config_map, const InjectionRules& rules) {
  const auto* text = find(config_map, {"data", kFile});
  if (text == nullptr || !text->is_string()) {
    return "the label postern.io/config is set, expected the key postern.yml under data";
  }
  const auto read = config::parseYaml(presets::products(), text->get<std::string>(), kFile,
                                      "/config", config::NamedFiles::Leave);
  std::string mistakes;
  for (std::size_t i = 0; i < read.errors.size(); ++i) {
    if (i == kMostReported) {
      return fmt::format("{}; and {} more", mistakes, read.errors.size() - kMostReported);
    }
    mistakes += (i == 0 ? "" : "; ") + read.errors[i].text();
  }
  if (!mistakes.empty()) return mistakes;
  for (const auto& target : read.config.targets) {
    const auto wrong = targetHostMistake(rules, target);
    if (wrong.empty()) continue;
    return fmt::format(
        "{}: {}; the ConfigMap is not changed; name another host, or have the operator of the "
        "injector allow this one",
        kFile, wrong);
  }
  return "";
}

}  // namespace postern::kube
