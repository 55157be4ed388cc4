#include "app/waiting_room.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "app/confine.h"
#include "app/exit_code.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "serve/guard.h"
#include "serve/service.h"
#include "serve/web_lock.h"

namespace postern::app {
namespace {

constexpr std::size_t kConnections = 256;  // of probes and scrapers, who get short answers
constexpr std::chrono::milliseconds kLastAnswers{200};  // to who has just come
constexpr std::string_view kClosed =
    "the web configuration is not good, so nobody is let in; the log, and --web.health-address, "
    "say "
    "why";

using Ask = std::function<serve::Self(const serve::RequestStats&)>;

serve::Service makeService(const config::Options& options, const WaitingRoom::Notice& notice,
                           bool told, const Ask& self) {
  serve::Service::Options service;
  service.route_prefix = options.route_prefix;
  service.status_page = options.status_page;
  service.awaiting = told ? notice.reason : std::string(kClosed);
  service.closed = !told;
  const auto no_targets = [] { return std::make_shared<const serve::Targets>(); };
  return {service, {no_targets, self, [] { return std::string(); }}};
}

// The life of the process. Returns its exit code.
int answer(const config::Options& options, const Doors& doors, const WaitingRoom::Notice& notice) {
  const sigset_t signals = blockSignals();
  const auto sandbox = confine(options, config::Config());
  if (!sandbox) return kBadUsage;
  const RealClock clock;
  const SystemTime started = clock.system();
  const bool locked = notice.locked && !options.web_config_file.empty();
  serve::WebLock lock(
      {locked ? options.web_config_file : config::Path(),
       locked ? options.web_key_password_file : config::Path()},
      clock, [&](const std::vector<config::Path>& files) { return outsideOf(*sandbox, files); });
  auto front = frontOptions(options);
  front.max_connections = std::min(front.max_connections, kConnections);
  http::Server* server_now = nullptr;
  const Ask describe = [&](const serve::RequestStats& requests) {
    serve::Self self;
    self.version = version();
    self.revision = revision();
    self.reload_successful = false;
    self.requests = requests.all();
    self.front = server_now->counts();
    self.started = started;
    self.config_file = options.config_file.string();
    self.lock = lock.status();
    if (!notice.locked) {
      self.lock.configured = true;
      self.lock.reload_successful = false;
    }
    self.sandbox = stateOf(options.sandbox, *sandbox);
    return self;
  };
  auto to_all = makeService(options, notice, notice.locked, describe);
  auto to_probes = makeService(options, notice, /*told=*/true, describe);
  const auto quick = [](const http::Request&) { return true; };
  const serve::Guard guard(
      lock,
      [&](const http::Request& request, http::ResponseSink& sink) { to_all.handle(request, sink); },
      quick,
      [&](const http::Request& request) {
        return options.health_addresses.empty() && to_all.isHeartbeat(request);
      });
  const http::Site site{
      [&](const http::Request& request, http::ResponseSink& sink) { guard.handle(request, sink); },
      [&](const http::Request& request) { return guard.quick(request); },
      [&] { return lock.now()->tls; }};
  const http::Site health{[&](const http::Request& request, http::ResponseSink& sink) {
                            to_probes.handleHealth(request, sink);
                          },
                          quick,
                          {}};
  http::Server server(front);
  server_now = &server;
  for (const auto& door : doors.public_ones) server.listen(door, site);
  for (const auto& door : doors.for_probes) server.listen(door, health);
  int signal = -1;
  while (signal != SIGTERM && signal != SIGINT) {
    signal = waitForSignal(signals, std::chrono::seconds(1));
    lock.poll();
  }
  server.stopAccepting();
  std::this_thread::sleep_for(kLastAnswers);
  // Without destructors: they would end the listening, which the other process goes on with.
  std::_Exit(0);
}

}  // namespace

void WaitingRoom::open(const Notice& notice) {
  close();
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ < 0) {
    log::error("no process to answer while the configuration is awaited",
               {{"error", std::generic_category().message(errno)}});
  }
  if (process_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(0);
  std::_Exit(answer(options_, doors_, notice));
}

void WaitingRoom::close() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

std::optional<int> WaitingRoom::ended() {
  if (process_ <= 0) return 1;
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) != process_) return std::nullopt;
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace postern::app
