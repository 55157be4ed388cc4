#include "app/injector_tasks.h"

#include <utility>

namespace postern::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The folder where the kubelet mounts the token, CA and namespace of a service account.
constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

kube::CertificatePlace certificatePlaceOf(const config::Inject& options,
                                          const std::string& own_namespace) {
  return {options.secret, options.webhook, options.service, own_namespace,
          std::chrono::duration_cast<seconds>(options.certificate_life)};
}

config::Path orElse(const config::Path& file, const char* name) {
  return file.empty() ? config::Path(kServiceAccount) / name : file;
}

}  // namespace

ClusterPlace placeOf(const config::Inject& options) {
  ClusterPlace place;
  const auto url = options.api_server ? options.api_server : kube::inClusterUrl();
  if (url) {
    place.api = kube::ApiAccess{*url, orElse(options.token_file, "token"),
                                orElse(options.ca_file, "ca.crt")};
  }
  place.own_namespace = options.namespace_.empty()
                            ? kube::namespaceIn(config::Path(kServiceAccount) / "namespace")
                            : options.namespace_;
  return place;
}

std::vector<std::string> missingFor(const config::Inject& options, const ClusterPlace& place) {
  std::vector<std::string> missing;
  if (!options.tls_dir.empty()) return missing;
  const auto need = [&missing](bool there, const char* flag) {
    if (!there) {
      missing.push_back(std::string(flag) + ": is missing, expected it or --tls.dir");
    }
  };
  need(place.api.has_value(), "--kube.api-server");
  need(!place.own_namespace.empty(), "--inject.namespace");
  return missing;
}

InjectorTasks::InjectorTasks(const config::Inject& options, const ClusterPlace& place,
                             kube::ServingMaterial& material, std::atomic<bool>& native,
                             const Clock& clock)
    : api_(*place.api, clock),
      native_sidecars_(api_, native),
      uninjected_pods_(api_),
      certificate_(api_, certificatePlaceOf(options, place.own_namespace), material, clock),
      tasks_(tasksFor(options)) {}

// The certificate comes first: without it every handshake is refused.
std::vector<kube::PeriodicTasks::Action> InjectorTasks::tasksFor(const config::Inject& options) {
  std::vector<kube::PeriodicTasks::Action> tasks;
  if (options.tls_dir.empty()) {
    tasks.emplace_back([this](const std::stop_token& stop) { return certificate_.update(stop); });
  }
  if (options.native_sidecar == config::NativeSidecar::Auto) {
    tasks.emplace_back(
        [this](const std::stop_token& stop) { return native_sidecars_.update(stop); });
  }
  if (options.count_missed_pods) {
    tasks.emplace_back(
        [this](const std::stop_token& stop) { return uninjected_pods_.update(stop); });
  }
  return tasks;
}

}  // namespace postern::app
