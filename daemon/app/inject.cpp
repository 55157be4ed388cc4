#include "app/inject.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "app/cluster.h"
#include "app/confine.h"
#include "app/doors.h"
#include "app/exit_code.h"
#include "app/footprint.h"
#include "app/inject_page.h"
#include "app/inject_pod.h"
#include "app/signals.h"
#include "base/detached_thread.h"
#include "base/log.h"
#include "base/version.h"
#include "kube/serving_material.h"
#include "kube/webhook.h"

namespace postern::app {
namespace {

kube::Rules rulesOf(const config::Inject& options, std::function<bool()> native_sidecars) {
  return {options.image,
          options.allowed_images,
          options.defaults,
          std::move(native_sidecars),
          options.locked_annotations,
          options.allowed_target_hosts};
}

http::Server::Options injectorFront(const config::Options& options) {
  auto front = frontOptions(options);
  // The API server itself waits ten seconds at most.
  front.header_timeout = std::min(front.header_timeout, config::milliseconds(5'000));
  return front;
}

// Until SIGTERM or SIGINT. Returns its number.
int runUntilSignal(kube::MountedPair* mounted, const sigset_t& signals) {
  auto next_trim = deadlineIn(kTrimInterval);
  while (true) {
    const int signal = waitForSignal(signals, kPollInterval);
    if (signal == SIGTERM || signal == SIGINT) return signal;
    if (mounted != nullptr) mounted->poll();
    if (std::chrono::steady_clock::now() >= next_trim) {
      giveBackMemory();
      next_trim = deadlineIn(kTrimInterval);
    }
  }
}

// The files of the service account may be read as well.
config::Options withFilesOf(const ClusterPlace& place, config::Options options) {
  if (place.api) {
    options.files.push_back(place.api->token_file.parent_path());
    options.files.push_back(place.api->ca_file.parent_path());
  }
  return options;
}

int serveWebhook(const config::CommandLine& command_line, kube::Rules rules,
                 std::atomic<bool>& native) {
  const auto place = placeOf(command_line.inject);
  if (const auto missing = missingFor(command_line.inject, place); !missing.empty()) {
    for (const auto& flag : missing) log::error(flag);
    return kBadUsage;
  }
  const auto options = withFilesOf(place, command_line.options);
  const sigset_t signals = blockSignals();
  raiseDescriptorLimit(options.max_connections);
  const RealClock clock;
  log::info("postern inject starts",
            {{"version", version()}, {"revision", revision()}, {"image", rules.image}});
  if (!rules.allowed_target_hosts.empty() && !rules.locks("config-map")) {
    log::warn(
        "pods may still mount a ConfigMap that names any host: only ConfigMaps with the label "
        "postern.io/config are checked",
        {{"next", "add --inject.locked-annotations=config-map"}});
  }
  const auto sandbox = confine(options, {});
  if (!sandbox) return kBadUsage;

  kube::ServingMaterial material;
  std::optional<kube::MountedPair> mounted;
  if (const auto& folder = command_line.inject.tls_dir; !folder.empty()) {
    mounted.emplace(folder, material, clock);
    mounted->poll();
  }
  std::optional<Cluster> cluster;
  if (place.api) {
    cluster.emplace(command_line.inject, place, material, native, clock);
  } else {
    log::warn("no API server is known: sidecars are plain containers, and missed pods not counted",
              {{"next", "set --kube.api-server"}});
  }
  kube::Webhook webhook(std::move(rules));
  const http::Site site{[&](const http::Request& request, http::ResponseSink& sink) {
                          webhook.handle(request, sink);
                        },
                        {},
                        [&] { return material.now(); },
                        kube::Webhook::kMaxBody,
                        /*calls_relief=*/true};
  http::Server server(injectorFront(options));
  const InjectPage page(
      {[&] { return webhook.counts(); }, [&] { return native.load(); },
       [&] { return material.status().ready; }, [&] { return material.status().not_after; },
       [&] { return cluster ? cluster->missedPods() : kube::MissedPods::Counts(); },
       [&] { return cluster ? cluster->apiRequests() : kube::ApiClient::Counts(); },
       [&] { return server.counts(); }});
  const http::Site health{
      [&](const http::Request& request, http::ResponseSink& sink) { page.handle(request, sink); },
      [](const http::Request&) { return true; },
      {}};
  giveBackMemory();
  const auto doors = openDoors(options);
  if (!doors) return 1;
  for (const auto& door : doors->public_ones) server.listen(door, site);
  for (const auto& door : doors->for_probes) server.listen(door, health);
  const int signal = runUntilSignal(mounted ? &*mounted : nullptr, signals);
  log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  if (cluster) cluster->stop(std::chrono::steady_clock::now());
  if (!server.stop(options.shutdown_timeout))
    log::warn("reviews in flight were cut off at --web.shutdown-timeout");
  const bool settled = !cluster || cluster->stop(deadlineIn(std::chrono::milliseconds(200)));
  log::info("postern inject has stopped");
  // An API server that hangs is not waited for.
  if (!settled) exitNow(0);
  return 0;
}

}  // namespace

int inject(const config::CommandLine& command_line) {
  const auto& options = command_line.inject;
  // Auto counts as no until the API server has told what it and its nodes know.
  std::atomic<bool> native = options.native_sidecar == config::NativeSidecar::Yes;
  auto rules = rulesOf(options, [&] { return native.load(); });
  if (const auto wrong = kube::mistakeInLocks(rules); !wrong.empty()) {
    log::error(wrong);
    return kBadUsage;
  }
  if (const auto wrong = kube::mistakeIn(rules); !wrong.empty()) {
    log::error("every pod would be refused", {{"error", wrong}});
    return kBadUsage;
  }
  if (!options.pod_file.empty()) return injectPod(options.pod_file, rules);
  return serveWebhook(command_line, std::move(rules), native);
}

}  // namespace postern::app
