#include "app/serve.h"

#include <csignal>

#include <string>
#include <string_view>
#include <vector>

#include "app/confine.h"
#include "app/doors.h"
#include "app/exit_code.h"
#include "app/footprint.h"
#include "app/signals.h"
#include "app/target_registry.h"
#include "base/detached_thread.h"
#include "base/log.h"
#include "base/version.h"
#include "http/server.h"
#include "serve/guard.h"
#include "serve/service.h"
#include "serve/web_lock.h"

namespace postern::app {
namespace {

// Until SIGTERM or SIGINT. Returns its number.
int runUntilSignal(TargetRegistry& registry, serve::WebLock& lock, const config::Options& options,
                   const sigset_t& signals) {
  auto next_look = deadlineIn(options.auto_reload_interval);
  auto next_trim = deadlineIn(kTrimInterval);
  while (true) {
    const int signal = waitForSignal(signals, kPollInterval);
    if (signal == SIGTERM || signal == SIGINT) return signal;
    if (signal == SIGHUP) registry.reload();
    registry.poll();
    lock.poll();
    const bool looks = options.enable_auto_reload || options.await;
    if (looks && std::chrono::steady_clock::now() >= next_look) {
      registry.reloadIfChanged();
      next_look = deadlineIn(options.auto_reload_interval);
    }
    if (std::chrono::steady_clock::now() >= next_trim) {
      giveBackMemory();
      next_trim = deadlineIn(kTrimInterval);
    }
  }
}

}  // namespace

int serve(const config::CommandLine& command_line, const config::Config& config,
          std::optional<Doors> doors) {
  const config::Options& options = command_line.options;
  const sigset_t signals = blockSignals();
  raiseDescriptorLimit(options.max_connections);
  const RealClock clock;
  const SystemTime started = clock.system();
  log::info("postern starts",
            {{"version", version()}, {"revision", revision()}, {"targets", config.targets.size()}});
  const auto sandbox = confine(options, config);
  if (!sandbox) return kBadUsage;

  serve::WebLock lock(
      {options.web_config_file, options.web_key_password_file}, clock,
      [&](const std::vector<config::Path>& files) { return outsideOf(*sandbox, files); });
  if (!lock.complaints().empty()) {
    for (const auto& complaint : lock.complaints()) log::error(complaint.text());
    return kBadUsage;
  }

  serve::Service* service_now =
      nullptr;  // the page of ourselves needs the service, which needs the targets
  TargetRegistry registry(command_line, *sandbox, clock, [&] { return service_now->selfPage(); });
  http::Server* server_now = nullptr;
  serve::Service service({options.timeout_offset, options.enable_lifecycle, options.route_prefix,
                          options.status_page, options.enable_debug},
                         {[&] { return registry.now(); },
                          [&](const serve::RequestStats& requests) {
                            auto self = serve::Self{std::string(version()),
                                                    std::string(revision()),
                                                    registry.reloadSuccessful(),
                                                    registry.reloaded(),
                                                    requests.all(),
                                                    server_now->counts(),
                                                    started,
                                                    options.config_file.string(),
                                                    registry.fingerprint(),
                                                    lock.status()};
                            self.sandbox = stateOf(options.sandbox, *sandbox);
                            return self;
                          },
                          [&] { return registry.reload(); }});
  service_now = &service;
  const serve::Guard guard(
      lock,
      [&](const http::Request& request, http::ResponseSink& sink) {
        service.handle(request, sink);
      },
      [&](const http::Request& request) { return service.quick(request); },
      // Who may not log in has the listener for probes, where there is one.
      [&](const http::Request& request) {
        return options.health_addresses.empty() && service.isHeartbeat(request);
      });
  http::Site site{
      [&](const http::Request& request, http::ResponseSink& sink) { guard.handle(request, sink); },
      [&](const http::Request& request) { return guard.quick(request); },
      {}};
  site.calls_relief = true;
  if (lock.now()->tls) site.tls = [&] { return lock.now()->tls; };
  const http::Site health{[&](const http::Request& request, http::ResponseSink& sink) {
                            service.handleHealth(request, sink);
                          },
                          [](const http::Request&) { return true; },
                          {}};
  http::Server server(frontOptions(options));
  server_now = &server;

  registry.start(config);
  if (!doors) doors = openDoors(options);
  if (!doors) return 1;
  for (const auto& door : doors->public_ones) server.listen(door, site);
  for (const auto& door : doors->for_probes) server.listen(door, health);
  giveBackMemory();  // what the start took
  const int signal = runUntilSignal(registry, lock, options, signals);
  log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  if (!server.stop(options.shutdown_timeout))
    log::warn("scrapes in flight were cut off at --web.shutdown-timeout");
  registry.logout();
  const bool settled = registry.settle(deadlineIn(std::chrono::milliseconds(200)));
  log::info("postern has stopped");
  // Threads that wait for a service or a database that hangs are not waited for.
  if (!settled) exitNow(0);
  return 0;
}

}  // namespace postern::app
