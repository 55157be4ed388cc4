#include "app/serve.h"

#include <malloc.h>

#include <csignal>
#include <cstdlib>
#include <ctime>

#include <string>

#include "app/targets_keeper.h"
#include "base/log.h"
#include "base/version.h"
#include "http/server.h"
#include "serve/service.h"

namespace postern::app {
namespace {

constexpr std::chrono::seconds kPoll{1};  // mounted files

// Blocked in every thread, and waited for by the main one.
sigset_t blockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// The signal that came, or -1 when the time was up.
int waitForSignal(const sigset_t& signals, std::chrono::seconds at_most) {
  const timespec timeout{at_most.count(), 0};
  return sigtimedwait(&signals, nullptr, &timeout);
}

// Until SIGTERM or SIGINT. Returns its number.
int watch(TargetsKeeper& keeper, const config::Options& options, const sigset_t& signals) {
  auto next_look = deadlineIn(options.auto_reload_interval);
  while (true) {
    const int signal = waitForSignal(signals, kPoll);
    if (signal == SIGTERM || signal == SIGINT) return signal;
    if (signal == SIGHUP) keeper.reload();
    keeper.poll();
    if (options.enable_auto_reload && std::chrono::steady_clock::now() >= next_look) {
      keeper.reloadIfChanged();
      next_look = deadlineIn(options.auto_reload_interval);
    }
  }
}

bool listen(http::Server& server, const config::Options& options) {
  for (const auto& address : options.listen_addresses) {
    const auto port = server.listen(address);
    if (!port) {
      log::error(port.error().what);
      return false;
    }
    log::info("listening", {{"address", address}, {"port", *port}});
  }
  return true;
}

}  // namespace

int serve(const config::CommandLine& command_line, const config::Config& config) {
  const config::Options& options = command_line.options;
  const sigset_t signals = blockSignals();
  const RealClock clock;
  log::info("postern starts",
            {{"version", version()}, {"revision", revision()}, {"targets", config.targets.size()}});

  serve::Service* service_now =
      nullptr;  // the page of ourselves needs the service, which needs the targets
  TargetsKeeper keeper(command_line, clock, [&] { return service_now->selfPage(); });
  http::Server* server_now = nullptr;
  serve::Service service(
      {options.timeout_offset, options.enable_lifecycle},
      {[&] { return keeper.now(); },
       [&](const serve::RequestStats& requests) {
         return serve::Self{
             std::string(version()), std::string(revision()), keeper.reloadSuccessful(),
             keeper.reloaded(),      requests.all(),          server_now->connections()};
       },
       [&] { return keeper.reload(); }});
  service_now = &service;
  http::Server server([&](const http::Request& request,
                          http::ResponseSink& sink) { service.handle(request, sink); },
                      {});
  server_now = &server;

  keeper.start(config);
  malloc_trim(0);  // gives back what reading the configuration took
  if (!listen(server, options)) return 1;
  const int signal = watch(keeper, options, signals);
  log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  if (!server.stop(options.shutdown_timeout))
    log::warn("scrapes in flight were cut off at --web.shutdown-timeout");
  keeper.logout();
  const bool settled = keeper.settle(deadlineIn(std::chrono::milliseconds(200)));
  log::info("postern has stopped");
  // Threads that wait for a service or a database that hangs are not waited for.
  if (!settled) std::_Exit(0);
  return 0;
}

}  // namespace postern::app
