#include "kube/inject.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/printable.h"
#include "config/config.h"
#include "config/flags.h"
#include "config/syntax.h"
#include "kube/annotations.h"
#include "kube/image_glob.h"
#include "kube/loopback.h"
#include "kube/patch.h"
#include "kube/pod.h"
#include "kube/resources.h"
#include "kube/sidecar.h"
#include "kube/target_hosts.h"
#include "presets/registry.h"

namespace postern::kube {
namespace {

constexpr std::uint16_t kPort = 3000;
constexpr std::size_t kMostPorts = 10'000;  // of a pod; with more, no free port is searched
constexpr std::string_view kNoneNative =
    "native sidecars are switched off, or the API server or a node is not known to be 1.29 or "
    "newer";
constexpr std::size_t kLongestWarning = 256;  // of a warning in an AdmissionResponse

std::string annotated(std::string_view key) {
  return std::string(kDomain) + std::string(key);
}

// Makes all decisions about the sidecar of a pod, and collects mistakes.
class Decision {
 public:
  Decision(const Json& document, const InjectionRules& rules)
      : document_(document), rules_(rules), pod_(readPod(document, mistakes_)) {}

  Injection decide();

 private:
  enum class InjectLabel { NoLabel, No, Yes };

  InjectLabel readLabel();
  bool hasOnlyAnnotations() const;
  void checkPod();
  void checkLockedAnnotations(const SidecarOptions& options);
  void checkTargetHost(const SidecarOptions& options);
  void chooseImage(const SidecarOptions& options);
  void chooseKind(const SidecarOptions& options);
  void choosePort(const SidecarOptions& options);
  std::uint16_t nextFreePort(std::uint16_t port) const;
  void addTargetsPort(const SidecarOptions& options);
  void chooseResources(const SidecarOptions& options);
  void checkEnvironment(const SidecarOptions& options);
  static std::string inOurWords(std::string text);

  void addMistake(std::string mistake) { mistakes_.push_back(std::move(mistake)); }
  void addMistake(std::string_view key, const std::string& wrong) {
    mistakes_.push_back(fmt::format("{}: {}", annotated(key), wrong));
  }
  void warn(std::string warning) {
    if (warning.size() > kLongestWarning) warning.resize(kLongestWarning);
    warnings_.push_back(std::move(warning));
  }

  const Json& document_;
  const InjectionRules& rules_;
  std::vector<std::string> mistakes_;
  std::vector<std::string> warnings_;
  Pod pod_;
  Sidecar sidecar_;
};

void Decision::checkPod() {
  if (const auto* secrets = find(document_, {"spec", "imagePullSecrets"});
      secrets != nullptr && !secrets->is_array()) {
    addMistake("spec.imagePullSecrets is not a list");
  }
  if (!pod_.windows.empty()) {
    addMistake(
        fmt::format("the pod is for Windows ({}) and the sidecar for Linux, remove the label {}",
                    pod_.windows, kInjectLabel));
  }
  if (pod_.hasContainer(kContainer)) {
    addMistake(
        fmt::format("the pod has a container postern that the injector did not create, rename it "
                    "or remove the label {}",
                    kInjectLabel));
  }
}

// A locked annotation belongs to the operator. Pods must not set it, replace its volume, or remove
// its default with another annotation.
void Decision::checkLockedAnnotations(const SidecarOptions& options) {
  constexpr std::string_view kLocked =
      "locked by --inject.locked-annotations, expected it from the injector alone; the pod is not "
      "created; ";
  for (const auto& annotation : annotations()) {
    if (!rules_.locks(annotation.key)) continue;
    const auto name = annotated(annotation.key);
    if (pod_.annotations.count(name) > 0) {
      addMistake(annotation.key, fmt::format("is {}remove it from the pod", kLocked));
    }
    if (bringsVolume(annotation, options, pod_)) {
      addMistake(fmt::format(
          "the volume {} of the pod replaces {}, which is {}rename or remove the volume",
          volumeOf(annotation), name, kLocked));
    }
    const auto replaced = options.replaced().find(annotation.key);
    if (replaced == options.replaced().end()) continue;
    addMistake(replaced->second,
               fmt::format("replaces the default of {}, which is {}remove {} from the pod", name,
                           kLocked, annotated(replaced->second)));
  }
}

// Checks only a URL that the pod sets itself. The daemon's own reader reports an invalid
// URL.
void Decision::checkTargetHost(const SidecarOptions& options) {
  if (!options.own("target-url")) return;
  std::string wrong;
  const auto url = config::parseUrl(options.get("target-url", ""), wrong);
  if (!url) return;
  wrong = targetHostMistake(rules_, url->host);
  if (wrong.empty()) return;
  addMistake("target-url", wrong +
                               "; the pod is not created; change the URL, or have the operator of "
                               "the injector allow this host");
}

void Decision::chooseImage(const SidecarOptions& options) {
  sidecar_.image = options.get("image", rules_.image);
  const auto allows = [&](const std::string& glob) { return matchesImage(glob, sidecar_.image); };
  if (sidecar_.image == rules_.image || std::ranges::any_of(rules_.allowed_images, allows)) return;
  std::string expected = rules_.image;
  for (const auto& glob : rules_.allowed_images) expected += " or " + glob;
  addMistake("image", fmt::format("{} is not allowed here, expected {}",
                                  printable(sidecar_.image, 128), expected));
}

void Decision::chooseKind(const SidecarOptions& options) {
  const auto option = options.get("native-sidecar", "auto");
  const bool possible = rules_.native_sidecars();
  sidecar_.native = option != "false" && possible;
  if (option == "true" && !possible) {
    addMistake("native-sidecar", std::string(kNoneNative) + "; expected auto or false");
  }
  if (sidecar_.native || pod_.restart_policy == "Always") return;
  addMistake(fmt::format(
      "the pod's restartPolicy is {}: with the sidecar as an ordinary container it would never "
      "end, and {}",
      printable(pod_.restart_policy, 16),
      possible ? "native sidecars are refused by postern.io/native-sidecar" : kNoneNative));
}

// A service in the pod itself uses the port of target-url, declared or not.
void Decision::addTargetsPort(const SidecarOptions& options) {
  std::string wrong;
  const auto url = config::parseUrl(options.get("target-url", ""), wrong);
  if (url && isLoopback(document_, url->host))
    pod_.ports.emplace(url->port, annotated("target-url"));
}

// The next free port above this one, then from the default port on.
std::uint16_t Decision::nextFreePort(std::uint16_t port) const {
  do {
    port = port == std::numeric_limits<std::uint16_t>::max() ? kPort
                                                             : static_cast<std::uint16_t>(port + 1);
  } while (pod_.ports.count(port) > 0 && pod_.ports.size() < kMostPorts);
  return port;
}

void Decision::choosePort(const SidecarOptions& options) {
  addTargetsPort(options);
  const auto option = options.find("port");
  const auto wanted = option ? static_cast<std::uint16_t>(std::stoul(std::string(*option))) : kPort;
  sidecar_.port = wanted;
  if (const auto there = pod_.ports.find(wanted); there != pod_.ports.end()) {
    const auto taken = fmt::format("port {} is taken by {}", wanted, there->second);
    if (options.own("port")) return addMistake("port", taken + ", expected another");
    sidecar_.port = nextFreePort(wanted);
    warn(fmt::format("postern: {}, so the sidecar listens on {}; {} chooses another", taken,
                     sidecar_.port, annotated("port")));
  }
  if (readsWebConfig(options, pod_)) {
    pod_.ports.emplace(sidecar_.port, "the sidecar");
    sidecar_.health_port = nextFreePort(sidecar_.port);
  }
  if (pod_.host_network) {
    warn(fmt::format(
        "postern: the pod is in its node's network, where port {} must be free; {} chooses another",
        sidecar_.port, annotated("port")));
  }
}

void Decision::chooseResources(const SidecarOptions& options) {
  auto chosen = resourcesFor(document_, options);
  for (auto& mistake : chosen.mistakes) addMistake(std::move(mistake));
  for (auto& warning : chosen.warnings) warn(std::move(warning));
  sidecar_.resources = std::move(chosen.value);
}

// The daemon's messages name flags. Replaces them with annotations.
std::string Decision::inOurWords(std::string text) {
  for (const auto& annotation : annotations()) {
    if (annotation.flag.empty()) continue;
    const std::string flag = "--" + std::string(annotation.flag);
    for (auto at = text.find(flag); at != std::string::npos; at = text.find(flag, at + 1)) {
      const auto after = at + flag.size();
      const bool longer = after < text.size() && (text[after] == '-' || text[after] == '.');
      if (!longer) text.replace(at, flag.size(), annotated(annotation.key));
    }
  }
  return text;
}

// Parses the sidecar's environment as the daemon does at its start, and adds its errors.
void Decision::checkEnvironment(const SidecarOptions& options) {
  const auto read =
      config::parseCommandLine(presets::products(), {}, environmentOf(sidecar_, options, pod_));
  for (const auto& error : read.errors) {
    const auto named = std::ranges::find_if(annotations(), [&](const Annotation& annotation) {
      return !annotation.flag.empty() && config::variableName(annotation.flag) == error.where;
    });
    const auto what = inOurWords(error.what);
    named == annotations().end() ? addMistake(what) : addMistake(named->key, what);
  }
}

// The value of the label. A label that is not text is already among the mistakes.
Decision::InjectLabel Decision::readLabel() {
  if (find(document_, {"metadata", "labels", kInjectLabel}) == nullptr) return InjectLabel::NoLabel;
  const auto found = pod_.labels.find(kInjectLabel);
  if (found == pod_.labels.end() || found->second == "true") return InjectLabel::Yes;
  if (found->second == "false") return InjectLabel::No;
  addMistake("the label " + std::string(kInjectLabel) + " is \"" + printable(found->second, 64) +
             R"(", expected "true" for a sidecar or "false" for none)");
  return InjectLabel::Yes;
}

// Whether the label is probably forgotten.
bool Decision::hasOnlyAnnotations() const {
  return !pod_.hasContainer(kContainer) &&
         std::ranges::any_of(pod_.annotations,
                             [](const auto& each) { return each.first.starts_with(kDomain); });
}

Injection Decision::decide() {
  const auto label = readLabel();
  if (label == InjectLabel::No) return {.result = InjectionResult::NotAsked};
  if (label == InjectLabel::NoLabel && !hasOnlyAnnotations())
    return {.result = InjectionResult::NotAsked};
  if (pod_.is_mirror) {
    warn(
        fmt::format("postern: the pod mirrors a static pod of its node, which no webhook can "
                    "change, and gets no sidecar; remove the label {} from its manifest",
                    kInjectLabel));
    return {.result = InjectionResult::Mirror, .warnings = warnings_};
  }
  if (label == InjectLabel::NoLabel) {
    warn("postern: the pod has annotations postern.io/... and gets no sidecar without the label " +
         std::string(kInjectLabel) + R"(: "true"; add it, or "false" if none is wanted)");
    return {.result = InjectionResult::Unlabeled, .warnings = warnings_};
  }
  const auto status = pod_.labels.find(kStatusLabel);
  const bool marked = status != pod_.labels.end() && status->second == "injected";
  if (marked && pod_.hasContainer(kContainer)) return {.result = InjectionResult::Already};
  if (marked) {
    warn(
        "postern: the label postern.io/status: injected was set without a container postern, which "
        "is added now; remove the label from the template");
  }
  const SidecarOptions options(pod_.annotations, rules_.defaults, mistakes_);
  checkPod();
  checkLockedAnnotations(options);
  checkTargetHost(options);
  chooseImage(options);
  chooseKind(options);
  auto volumes = makeVolumes(options, pod_, mistakes_);
  choosePort(options);
  chooseResources(options);
  checkEnvironment(options);
  if (mistakes_.empty()) {
    auto patch = makePatch({document_, pod_, options, sidecar_}, std::move(volumes));
    if (!patch.warning.empty()) warn(std::move(patch.warning));
    return {.result = InjectionResult::Injected,
            .patch = std::move(patch.operations),
            .warnings = warnings_};
  }
  Injection refused{.result = InjectionResult::Refused};
  for (const auto& mistake : mistakes_) {
    refused.refusal += (refused.refusal.empty() ? "" : "; ") + mistake;
  }
  return refused;
}

// A minimal pod for a test of the defaults.
Json makeSamplePod(const config::Pairs& defaults) {
  const auto has = [&](std::string_view key) {
    return std::ranges::any_of(
        defaults, [&](const auto& each) { return each.first == key && !each.second.empty(); });
  };
  Json annotations = Json::object();
  if (!has("config-map")) annotations[annotated("target-url")] = "https://localhost";
  if (!has("mysql-secret")) annotations[annotated("credentials-secret")] = "trial";
  for (const auto& [key, value] : defaults) annotations.erase(annotated(key));
  return {{"metadata", {{"labels", {{kInjectLabel, "true"}}}, {"annotations", annotations}}},
          {"spec", {{"containers", Json::array({{{"name", "trial"}}})}}}};
}

}  // namespace

bool InjectionRules::locks(std::string_view annotation) const {
  return std::ranges::find(locked_annotations, annotation) != locked_annotations.end();
}

std::string mistakeIn(const InjectionRules& rules) {
  // The trial pod sets the required annotations.
  auto unlocked = rules;
  unlocked.locked_annotations.clear();
  unlocked.allowed_target_hosts.clear();
  return inject(makeSamplePod(rules.defaults), unlocked).refusal;
}

std::string mistakeInLocks(const InjectionRules& rules) {
  std::string mistakes;
  for (const auto& name : rules.locked_annotations) {
    const auto wrong = lockMistake(name);
    if (wrong.empty()) continue;
    mistakes += (mistakes.empty() ? "--inject.locked-annotations: " : "; ") + wrong;
  }
  return mistakes;
}

Injection inject(const Json& pod, const InjectionRules& rules) {
  return Decision(pod, rules).decide();
}

}  // namespace postern::kube
