#include "app/standby_server.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "app/apply_sandbox.h"
#include "app/exit_code.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "web/auth_filter.h"
#include "web/service.h"
#include "web/web_config_store.h"

namespace postern::app {
namespace {

constexpr std::size_t kConnections = 256;  // of probes and scrapers, which get short responses
constexpr std::chrono::milliseconds kLastAnswers{200};  // time to answer the newest connections
constexpr std::string_view kClosed =
    "invalid web configuration: access is refused; see the log or --web.health-address for the "
    "reason";

// The service in the process.
class StandbyService {
 public:
  // All references must outlive this. Requires that the sandbox is in force.
  StandbyService(const config::Options& options, const StandbyServer::Notice& notice,
                 const sandbox::Sandbox& sandbox);

  // Answers until SIGTERM or SIGINT.
  void run(const Listeners& listeners, const sigset_t& signals);

 private:
  // `gives_reason`: the responses contain the reason.
  web::WebService makeService(bool gives_reason);
  web::WebConfigFiles webFiles() const;
  web::Self describe(const web::RequestStats& requests) const;

  const config::Options& options_;
  const StandbyServer::Notice& notice_;
  const sandbox::Sandbox& sandbox_;
  const RealClock clock_;
  const SystemTime started_ = clock_.system();
  web::WebConfigStore web_config_;
  web::WebService to_all_, to_probes_;
  const web::AuthFilter filter_;
  const http::Service web_, health_;
  http::Server server_;
};

http::ServerOptions serverOptions(const config::Options& options) {
  auto server = listenerOptions(options);
  server.max_connections = std::min(server.max_connections, kConnections);
  return server;
}

StandbyService::StandbyService(const config::Options& options, const StandbyServer::Notice& notice,
                               const sandbox::Sandbox& sandbox)
    : options_(options),
      notice_(notice),
      sandbox_(sandbox),
      web_config_(
          webFiles(), clock_,
          [this](const std::vector<config::Path>& files) { return outsideOf(sandbox_, files); }),
      to_all_(makeService(notice.web_valid)),
      to_probes_(makeService(true)),
      filter_(
          web_config_,
          [this](const http::Request& request, http::Responder& responder) {
            return to_all_.handle(request, responder);
          },
          [this](const http::Request& request) {
            return options_.health_addresses.empty() && to_all_.isHeartbeat(request);
          }),
      web_{[this](const http::Request& request, http::Responder& responder) {
             return filter_.handle(request, responder);
           },
           [this] { return web_config_.now()->tls; }},
      health_{[this](const http::Request& request, http::Responder& responder) {
        return to_probes_.handleHealth(request, responder);
      }},
      server_(serverOptions(options)) {}

web::WebConfigFiles StandbyService::webFiles() const {
  if (!notice_.web_valid) return {};
  return {options_.web_config_file, options_.web_key_password_file};
}

web::WebService StandbyService::makeService(bool gives_reason) {
  web::WebService::ServiceOptions service;
  service.route_prefix = options_.route_prefix;
  service.status_page = options_.status_page;
  service.awaiting = gives_reason ? notice_.reason : std::string(kClosed);
  service.closed = !gives_reason;
  return {service,
          {[] { return std::make_shared<const web::Targets>(); },
           [this](const web::RequestStats& requests) { return describe(requests); },
           [] { return std::string(); }}};
}

web::Self StandbyService::describe(const web::RequestStats& requests) const {
  web::Self self;
  self.version = version();
  self.revision = revision();
  self.reload_successful = false;
  self.requests = requests.all();
  self.listener = server_.counts();
  self.started = started_;
  self.config_file = options_.config_file.string();
  self.web_config = web_config_.status();
  if (!notice_.web_valid) {
    self.web_config.configured = true;
    self.web_config.reload_successful = false;
  }
  self.sandbox = stateOf(options_.sandbox, sandbox_);
  return self;
}

void StandbyService::run(const Listeners& listeners, const sigset_t& signals) {
  for (const auto& listener : listeners.web) server_.listen(listener, web_);
  for (const auto& listener : listeners.health) server_.listen(listener, health_);
  int signal = -1;
  while (signal != SIGTERM && signal != SIGINT) {
    signal = waitForSignal(signals, kPollInterval);
    web_config_.poll();
  }
  server_.stopAccepting();
  std::this_thread::sleep_for(kLastAnswers);
}

// The main function of the process.
[[noreturn]] void answerUntilSignal(const config::Options& options, const Listeners& listeners,
                                    const StandbyServer::Notice& notice) {
  const sigset_t signals = blockSignals();
  const auto sandbox = applySandbox(options, config::Config());
  if (!sandbox) std::_Exit(kBadUsage);
  StandbyService service(options, notice, *sandbox);
  service.run(listeners, signals);
  // Without destructors: they would close the listeners, which the parent process keeps using.
  std::_Exit(0);
}

}  // namespace

void StandbyServer::start(const Notice& notice) {
  stop();
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ < 0) {
    log::error("cannot start the process that answers while postern waits for the configuration",
               {{"error", std::generic_category().message(errno)}});
  }
  if (process_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(0);
  answerUntilSignal(options_, listeners_, notice);
}

void StandbyServer::stop() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

std::optional<int> StandbyServer::ended() {
  if (process_ <= 0) return 1;
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) != process_) return std::nullopt;
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace postern::app
