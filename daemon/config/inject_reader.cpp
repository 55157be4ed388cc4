#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/printable.h"
#include "base/text.h"
#include "base/version.h"
#include "config/settings_reader.h"

namespace postern::config {
namespace {

void readDefaults(const Settings& settings, Inject& inject, std::vector<ConfigError>& errors) {
  const auto setting = settings.find("inject.default");
  if (setting == settings.end()) return;
  for (const auto& text : setting->second.values) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      errors.push_back({setting->second.where, "",
                        "is not KEY=VALUE, expected for instance requests-memory=32Mi"});
      continue;
    }
    inject.defaults.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
}

// A name, an address, or "*." before a name that is not an address.
bool isHostPattern(std::string_view text) {
  if (!text.starts_with("*.")) return hostMistake(text).empty();
  auto name = text.substr(2);
  if (!hostMistake(name).empty() || name.find(':') != name.npos) return false;
  if (name.ends_with('.')) name.remove_suffix(1);
  // The last label of an IPv4 address is a number.
  const auto last = name.substr(name.rfind('.') + 1);
  return std::ranges::any_of(last, [](char c) { return c < '0' || c > '9'; });
}

void readTargetHosts(const Settings& settings, Inject& inject, std::vector<ConfigError>& errors) {
  const auto setting = settings.find("inject.allowed-target-hosts");
  if (setting == settings.end()) return;
  for (const auto& text : setting->second.values) {
    if (!isHostPattern(text)) {
      errors.push_back({setting->second.where, "",
                        fmt::format("\"{}\" is not a host, expected a name, *.NAME or an "
                                    "address, without brackets, port and path",
                                    printable(text, 64))});
      continue;
    }
    inject.allowed_target_hosts.push_back(text);
  }
}

std::string objectNameMistake(std::string_view text) {
  if (isObjectName(text)) return "";
  return "is not the name of a Kubernetes object, expected lower-case letters, digits, '-' and '.'";
}

constexpr auto kMeaningful = std::to_array<std::string_view>(
    {"web.listen-address", "web.health-address", "web.max-connections",
     "web.max-connections-per-address", "web.header-timeout", "web.write-timeout",
     "web.idle-timeout", "web.shutdown-timeout", "tls.dir", "sandbox", "log.level", "log.format",
     "pod", "native-sidecar"});

void refuseOthers(SettingsReader& reader, const Settings& settings) {
  for (const auto& [flag, setting] : settings) {
    if (flag.starts_with("inject.") || flag.starts_with("kube.")) continue;
    if (std::ranges::find(kMeaningful, flag) != kMeaningful.end()) continue;
    reader.addError(flag, "is not allowed with postern inject, remove it");
  }
}

}  // namespace

bool isObjectName(std::string_view text) {
  constexpr std::size_t kLongest = 253;
  const auto word = [](char c) { return isLowerCase(c) || isDigit(c); };
  if (text.empty() || text.size() > kLongest) return false;
  char before = '.';
  for (const char c : text) {
    // Each part between dots begins and ends with a letter or a digit.
    if (!word(c) && (c != '-' || before == '.') && (c != '.' || !word(before))) return false;
    before = c;
  }
  return word(before);
}

Inject readInject(SettingsReader& reader, const Settings& settings,
                  std::vector<ConfigError>& errors) {
  Inject inject;
  inject.image = "postern:" + std::string(version());
  if (const auto* image = reader.text("inject.image")) inject.image = *image;
  if (const auto images = settings.find("inject.allowed-images"); images != settings.end()) {
    inject.allowed_images = images->second.values;
  }
  if (const auto names = settings.find("inject.locked-annotations"); names != settings.end()) {
    inject.locked_annotations = names->second.values;
  }
  readTargetHosts(settings, inject, errors);
  readDefaults(settings, inject, errors);
  using enum NativeSidecar;
  reader.choice<NativeSidecar>("native-sidecar", inject.native_sidecar,
                               {{"auto", Auto}, {"true", Yes}, {"false", No}});
  reader.path("tls.dir", inject.tls_dir);
  for (const auto& [flag, field] :
       {std::pair("inject.secret", &inject.secret), std::pair("inject.webhook", &inject.webhook),
        std::pair("inject.service", &inject.service),
        std::pair("inject.namespace", &inject.namespace_)}) {
    reader.checked(flag, *field, objectNameMistake);
  }
  using std::chrono::hours;
  reader.duration("inject.certificate-life", inject.certificate_life,
                  {seconds(30), hours(24 * 3650)});
  reader.boolean("inject.count-missed-pods", inject.count_missed_pods);
  if (const auto* server = reader.text("kube.api-server")) {
    std::string wrong;
    inject.api_server = parseUrl(*server, wrong);
    if (!wrong.empty()) reader.addError("kube.api-server", wrong);
  }
  reader.path("kube.token-file", inject.token_file);
  reader.path("kube.ca-file", inject.ca_file);
  if (const auto* pod = reader.text("pod")) inject.pod_file = *pod;
  const bool keeps_its_own =
      reader.has("inject.secret") && reader.has("inject.webhook") && reader.has("inject.service");
  if (inject.pod_file.empty() && inject.tls_dir.empty() && !keeps_its_own) {
    errors.push_back({"command line", "",
                      "no serving certificate, expected --tls.dir, or --inject.secret, "
                      "--inject.webhook and --inject.service for one of its own"});
  }
  refuseOthers(reader, settings);
  return inject;
}

}  // namespace postern::config
