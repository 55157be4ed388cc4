#include "kube/sidecar.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/printable.h"
#include "config/flags.h"
#include "kube/inject.h"

namespace postern::kube {
namespace {

constexpr std::string_view kState = "postern-state";
constexpr std::string_view kHealthPort = "postern-health";
// A state file uses one page of 4 KiB: room for a thousand targets. Used pages count towards the
// sidecar's memory limit.
constexpr std::string_view kStateSize = "4Mi";

// The modes of a Secret's files: readable for every user, or only for the pod's own group.
constexpr int kModeForAll = 0444;
constexpr int kModeForGroup = 0440;

constexpr bool mounts(Becomes becomes) {
  return becomes == Becomes::Secret || becomes == Becomes::ConfigMap;
}

bool isMounted(const Annotation& annotation, const SidecarOptions& options, const Pod& pod) {
  return mounts(annotation.becomes) &&
         (options.find(annotation.key) || pod.volumes.count(volumeOf(annotation)) > 0);
}

bool isMountedBy(std::string_view key, const SidecarOptions& options, const Pod& pod) {
  return std::ranges::any_of(annotations(), [&](const Annotation& each) {
    return each.key == key && isMounted(each, options, pod);
  });
}

// The variable of one annotation; nothing if it is not needed.
std::optional<std::string> contentOf(const Annotation& annotation, const SidecarOptions& options,
                                     const Pod& pod) {
  if (annotation.becomes == Becomes::Variable) {
    const auto option = options.find(annotation.key);
    return option ? std::optional(std::string(*option)) : std::nullopt;
  }
  if (!isMounted(annotation, options, pod)) return std::nullopt;
  // A configuration file names other mounted files itself.
  if (isOfTarget(annotation) && isMountedBy("config-map", options, pod)) return std::nullopt;
  return std::string(annotation.content);
}

// Escapes a value: the kubelet replaces `$(NAME)` in the value of a variable, and `$$` by `$`, but
// an annotation's value is literal.
std::string escapeDollars(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped.append(c == '$' ? 2 : 1, c);
  return escaped;
}

Json makeProbe(std::string_view path, const Sidecar& sidecar) {
  const auto port = sidecar.health_port == 0 ? kContainer : kHealthPort;
  return {{"httpGet", {{"path", path}, {"port", port}}}, {"timeoutSeconds", 5}};
}

Json makePort(std::string_view name, std::uint16_t port) {
  return {{"name", name}, {"containerPort", port}, {"protocol", "TCP"}};
}

Json makeSecurityContext(const SidecarOptions& options, const Pod& pod) {
  Json context = {{"allowPrivilegeEscalation", false},
                  {"capabilities", {{"drop", Json::array({"ALL"})}}},
                  {"readOnlyRootFilesystem", true},
                  {"runAsNonRoot", true},
                  {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  constexpr std::string_view kUser = "65532";  // the image's
  auto user = options.get("run-as-user", kUser);
  // The sidecar would be root, which runAsNonRoot forbids, and would never start.
  if (user == "none" && pod.runs_as_root) user = kUser;
  if (user != "none") context["runAsUser"] = std::stoll(std::string(user));
  return context;
}

Json makeVolume(const Annotation& annotation, std::string_view object, const Pod& pod) {
  Json volume = {{"name", volumeOf(annotation)}};
  if (annotation.becomes == Becomes::ConfigMap) {
    volume["configMap"] = {{"name", object}, {"optional", true}};
  } else {
    volume["secret"] = {{"secretName", object},
                        {"optional", true},
                        {"defaultMode", pod.has_fs_group ? kModeForGroup : kModeForAll}};
  }
  return volume;
}

}  // namespace

std::vector<std::string> environmentOf(const Sidecar& sidecar, const SidecarOptions& options,
                                       const Pod& pod) {
  std::vector<std::string> environment;
  const auto add = [&](std::string_view flag, std::string_view content) {
    environment.push_back(fmt::format("{}={}", config::variableName(flag), content));
  };
  add("web.listen-address", ':' + std::to_string(sidecar.port));
  if (sidecar.health_port != 0) {
    add("web.health-address", ':' + std::to_string(sidecar.health_port));
  }
  // A pod may start before its Secrets exist.
  add("config.await", "true");
  add("state.dir", "/state");
  for (const auto& annotation : annotations()) {
    if (annotation.flag.empty()) continue;
    if (const auto content = contentOf(annotation, options, pod)) add(annotation.flag, *content);
  }
  if (!options.find("sandbox")) add("sandbox", "auto");
  return environment;
}

Json makeContainer(const Sidecar& sidecar, const SidecarOptions& options, const Pod& pod) {
  Json environment = Json::array();
  for (const auto& variable : environmentOf(sidecar, options, pod)) {
    const auto equals = variable.find('=');
    environment.push_back({{"name", variable.substr(0, equals)},
                           {"value", escapeDollars(variable.substr(equals + 1))}});
  }
  Json mounted = Json::array();
  for (const auto& annotation : annotations()) {
    if (!isMounted(annotation, options, pod)) continue;
    mounted.push_back(
        {{"name", volumeOf(annotation)}, {"mountPath", mountOf(annotation)}, {"readOnly", true}});
  }
  mounted.push_back({{"name", kState}, {"mountPath", "/state"}});
  Json container = {{"name", kContainer},
                    {"image", sidecar.image},
                    {"imagePullPolicy", options.get("image-pull-policy", "IfNotPresent")},
                    {"env", std::move(environment)},
                    {"ports", Json::array({makePort(kContainer, sidecar.port)})},
                    {"livenessProbe", makeProbe("/-/healthy", sidecar)},
                    {"securityContext", makeSecurityContext(options, pod)},
                    {"volumeMounts", std::move(mounted)}};
  if (!sidecar.resources.is_null()) container["resources"] = sidecar.resources;
  if (sidecar.health_port != 0) {
    container["ports"].push_back(makePort(kHealthPort, sidecar.health_port));
  }
  if (options.isTrue("readiness-probe")) {
    container["readinessProbe"] = makeProbe("/-/ready", sidecar);
  }
  if (options.isTrue("startup-probe")) {
    container["startupProbe"] = makeProbe("/-/healthy", sidecar);
  }
  if (sidecar.native) container["restartPolicy"] = "Always";
  return container;
}

bool readsWebConfig(const SidecarOptions& options, const Pod& pod) {
  return isMountedBy("web-config-secret", options, pod);
}

bool bringsVolume(const Annotation& annotation, const SidecarOptions& options, const Pod& pod) {
  if (!mounts(annotation.becomes)) return false;
  const auto there = pod.volumes.find(volumeOf(annotation));
  if (there == pod.volumes.end()) return false;
  const auto object = options.find(annotation.key);
  return !object || there->second != makeVolume(annotation, *object, pod);
}

std::vector<Json> makeVolumes(const SidecarOptions& options, const Pod& pod,
                              std::vector<std::string>& mistakes) {
  std::vector<Json> volumes;
  for (const auto& annotation : annotations()) {
    const auto object = options.find(annotation.key);
    if (!object || !mounts(annotation.becomes)) continue;
    auto volume = makeVolume(annotation, *object, pod);
    const auto there = pod.volumes.find(volumeOf(annotation));
    if (there == pod.volumes.end()) {
      volumes.push_back(std::move(volume));
    } else if (options.own(annotation.key) && there->second != volume) {
      mistakes.push_back(fmt::format(
          "{}{}: the pod has a volume {} of its own, expected that one or this annotation", kDomain,
          annotation.key, there->first));
    }
  }
  if (pod.volumes.count(kState) == 0) {
    // In memory: cluster-autoscaler keeps a node with an emptyDir on disk.
    volumes.push_back(
        {{"name", kState}, {"emptyDir", {{"medium", "Memory"}, {"sizeLimit", kStateSize}}}});
  }
  return volumes;
}

}  // namespace postern::kube
