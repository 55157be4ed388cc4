#include "kube/annotations.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/printable.h"
#include "base/text.h"
#include "config/flags.h"
#include "config/inject.h"
#include "config/suggest.h"
#include "config/syntax.h"
#include "config/units.h"
#include "kube/quantity.h"

namespace postern::kube {
namespace {

std::string objectMistake(std::string_view text) {
  return config::isObjectName(text) ? ""
                                    : "is not the name of a Kubernetes object, expected lower-case "
                                      "letters, digits, '-' and '.'";
}

std::string imageMistake(std::string_view text) {
  constexpr std::size_t kLongest = 512;
  const auto fits = [](char c) {
    return isLetterOrDigit(c) || std::string_view("._-/:@").find(c) != std::string_view::npos;
  };
  return text.size() <= kLongest && std::all_of(text.begin(), text.end(), fits)
             ? ""
             : "is not the name of an image, expected for instance registry.example/postern:1.2.3";
}

std::string pullSecretsMistake(std::string_view text) {
  const auto names = namesIn(text);
  return std::ranges::all_of(names, config::isObjectName)
             ? ""
             : "has an entry that is not the name of a Secret, expected names separated by commas, "
               "such as "
               "registry-a,registry-b";
}

std::string cpuMistake(std::string_view text) {
  constexpr double kMostCores = 1024;
  const auto cores = parseQuantity(text);
  return cores && *cores >= 0.001 && *cores <= kMostCores
             ? ""
             : "is not an amount of CPU, expected for instance 5m or 0.1";
}

std::string bytesMistake(std::string_view text, std::string_view of) {
  constexpr double kLeast = 1U << 20;
  const auto bytes = parseQuantity(text);
  if (!bytes) return fmt::format("is not an amount of {}, expected for instance 64Mi", of);
  return *bytes >= kLeast ? "" : "is less than 1Mi, expected for instance 64Mi";
}

std::string memoryMistake(std::string_view text) {
  return bytesMistake(text, "memory");
}

std::string storageMistake(std::string_view text) {
  return bytesMistake(text, "storage");
}

std::string pullPolicyMistake(std::string_view text) {
  return text == "Always" || text == "IfNotPresent" || text == "Never"
             ? ""
             : "is unknown, expected Always, IfNotPresent or Never";
}

std::string userMistake(std::string_view text) {
  constexpr std::size_t kMost = 2'147'483'647;
  const auto user = config::parseNumber(text);
  if (text == "none" || (user && *user > 0 && *user <= kMost)) return "";
  return user == 0U ? "is root, expected the number of another user, or none"
                    : "is not the number of a user, expected for instance 65532, or none";
}

std::string portMistake(std::string_view text) {
  std::string wrong;
  config::readNumber(text, {1024, 65535}, wrong);
  return wrong;
}

std::string booleanMistake(std::string_view text) {
  return text == "true" || text == "false" ? "" : "is neither true nor false, expected one of them";
}

std::string scrapeMistake(std::string_view text) {
  return text == "replace" ? "" : "is unknown, expected replace";
}

std::string nativeMistake(std::string_view text) {
  return text == "auto" || text == "true" || text == "false"
             ? ""
             : "is unknown, expected auto, true or false";
}

constexpr auto kConfigMap = Becomes::ConfigMap;
constexpr auto kField = Becomes::Field;
constexpr auto kSecret = Becomes::Secret;
constexpr auto kVariable = Becomes::Variable;

constexpr auto kAnnotations = std::to_array<Annotation>({
    {"tls-secret", kSecret, "tls.dir", "/tls", objectMistake},
    {"credentials-secret", kSecret, "credentials.dir", "/credentials", objectMistake},
    {"mysql-secret", kSecret, "mysql.dir", "/mysql", objectMistake},
    {"ca-config-map", kConfigMap, "tls.ca-file", "/ca/ca.crt", objectMistake},
    {"config-map", kConfigMap, "config.file", "/config/postern.yml", objectMistake},
    {"web-config-secret", kSecret, "web.config.file", "/web/web-config.yml", objectMistake},
    {"target-url", kVariable, "target.url", "", nullptr},
    {"target-name", kVariable, "target.name", "", nullptr},
    {"target-server-name", kVariable, "target.server-name", "", nullptr},
    {"target-spiffe-id", kVariable, "target.spiffe-id", "", nullptr},
    {"preset", kVariable, "target.preset", "", nullptr},
    {"scrape-timeout", kVariable, "target.scrape-timeout", "", nullptr},
    {"tls-system-roots", kVariable, "tls.system-roots", "", nullptr},
    {"timeout-offset", kVariable, "timeout-offset", "", nullptr},
    {"status-page", kVariable, "web.status-page", "", nullptr},
    {"log-level", kVariable, "log.level", "", nullptr},
    {"log-format", kVariable, "log.format", "", nullptr},
    {"sandbox", kVariable, "sandbox", "", nullptr},
    {"image", kField, "", "", imageMistake},
    {"image-pull-policy", kField, "", "", pullPolicyMistake},
    {"image-pull-secrets", kField, "", "", pullSecretsMistake},
    {"requests-cpu", kField, "", "", cpuMistake},
    {"requests-memory", kField, "", "", memoryMistake},
    {"limits-cpu", kField, "", "", cpuMistake},
    {"limits-memory", kField, "", "", memoryMistake},
    {"requests-ephemeral-storage", kField, "", "", storageMistake},
    {"limits-ephemeral-storage", kField, "", "", storageMistake},
    {"run-as-user", kField, "", "", userMistake},
    {"port", kField, "", "", portMistake},
    {"scrape", kField, "", "", scrapeMistake},
    {"native-sidecar", kField, "", "", nativeMistake},
    {"readiness-probe", kField, "", "", booleanMistake},
    {"startup-probe", kField, "", "", booleanMistake},
});

const Annotation* findAnnotation(std::string_view key) {
  const auto* const found =
      std::ranges::find_if(kAnnotations, [&](const Annotation& each) { return each.key == key; });
  return found == kAnnotations.end() ? nullptr : found;
}

bool isLabel(std::string_view key) {
  return key == "inject" || key == "status";
}

std::string nearestKey(std::string_view key) {
  std::vector<std::string_view> known;
  known.reserve(kAnnotations.size());
  for (const auto& each : kAnnotations) known.push_back(each.key);
  return std::string(config::suggest(key, known));
}

std::string unknownMistake(std::string_view key) {
  if (isLabel(key)) return "is a label, expected no annotation of this name";
  return fmt::format("is unknown, the nearest is {}{}", kDomain, nearestKey(key));
}

std::string mistakeIn(std::string_view key, std::string_view value) {
  const auto* const annotation = findAnnotation(key);
  if (annotation == nullptr) return unknownMistake(key);
  if (value.empty()) return "";
  if (hasControlCharacter(value)) return "holds a control character, expected one line";
  return annotation->mistake == nullptr ? "" : annotation->mistake(value);
}

// Whether it describes the target; then a configuration file excludes it.
bool describesTarget(std::string_view key) {
  const auto* const annotation = findAnnotation(key);
  return annotation != nullptr && annotation->becomes == kVariable && isOfTarget(*annotation);
}

}  // namespace

std::span<const Annotation> annotations() {
  return kAnnotations;
}

std::vector<std::string_view> namesIn(std::string_view text) {
  std::vector<std::string_view> names;
  while (true) {
    const auto end = std::min(text.find(','), text.size());
    names.push_back(trimmed(text.substr(0, end)));
    if (end == text.size()) return names;
    text.remove_prefix(end + 1);
  }
}

std::string lockMistake(std::string_view name) {
  if (findAnnotation(name) != nullptr) return "";
  if (name.empty()) return "is empty, expected the name of an annotation, such as tls-secret";
  if (isLabel(name)) return printable(name) + " is a label, expected the name of an annotation";
  const bool prefixed = name.starts_with(kDomain);
  const auto key = prefixed ? name.substr(kDomain.size()) : name;
  return fmt::format("{} is unknown, {}the nearest is {}", printable(name, 64),
                     prefixed ? fmt::format("expected a name without {}, ", kDomain) : "",
                     nearestKey(key));
}

bool isOfTarget(const Annotation& annotation) {
  return std::ranges::any_of(config::flags(), [&](const config::Flag& flag) {
    return flag.name == annotation.flag && flag.of_target;
  });
}

std::string mountOf(const Annotation& annotation) {
  return std::string(annotation.content.substr(0, annotation.content.find('/', 1)));
}

std::string volumeOf(const Annotation& annotation) {
  return "postern-" + mountOf(annotation).substr(1);
}

SidecarOptions::SidecarOptions(const StringMap& of_pod, const config::Pairs& defaults,
               std::vector<std::string>& mistakes) {
  const auto complain = [&](std::string_view where, std::string_view key, std::string_view value) {
    const auto wrong = mistakeIn(key, value);
    if (!wrong.empty()) {
      mistakes.push_back(fmt::format("{}{}: {}", where, printable(key, 64), wrong));
    }
    return wrong.empty();
  };
  for (const auto& [name, value] : of_pod) {
    if (!name.starts_with(kDomain)) continue;
    const auto key = name.substr(kDomain.size());
    const bool good = complain(kDomain, key, value);
    const auto* const annotation = findAnnotation(key);
    // An invalid name of a Secret is one mistake. Without the value there would seem to be two.
    if (good || (annotation != nullptr && annotation->becomes != kField)) own_.emplace(key, value);
  }
  const auto says = [&](std::string_view key) {
    const auto found = own_.find(key);
    return found != own_.end() && !found->second.empty();
  };
  // The annotation of the pod that excludes this default; may be empty.
  const auto replacement = [&](std::string_view key) -> std::string_view {
    if (describesTarget(key) && says("config-map")) return "config-map";
    if (key == "config-map" && says("target-url")) return "target-url";
    if (key == "credentials-secret" && says("mysql-secret")) return "mysql-secret";
    if (key == "mysql-secret" && says("credentials-secret")) return "credentials-secret";
    return {};
  };
  for (const auto& [key, value] : defaults) {
    if (!complain("--inject.default=", key, value) || own(key)) continue;
    if (const auto by = replacement(key); by.empty()) {
      wished_.insert_or_assign(key, value);
    } else if (!value.empty()) {
      replaced_.insert_or_assign(key, std::string(by));
    }
  }
  for (const auto& [key, value] : own_) wished_.insert_or_assign(key, value);
  std::erase_if(wished_, [](const auto& wish) { return wish.second.empty(); });
  std::erase_if(own_, [](const auto& wish) { return wish.second.empty(); });
}

std::optional<std::string_view> SidecarOptions::find(std::string_view key) const {
  const auto found = wished_.find(key);
  if (found == wished_.end()) return std::nullopt;
  return found->second;
}

std::string_view SidecarOptions::get(std::string_view key, std::string_view otherwise) const {
  return find(key).value_or(otherwise);
}

}  // namespace postern::kube
