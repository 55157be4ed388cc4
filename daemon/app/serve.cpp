#include "app/serve.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/apply_sandbox.h"
#include "app/exit_code.h"
#include "app/listeners.h"
#include "app/program.h"
#include "app/signals.h"
#include "app/target_registry.h"
#include "app/wait_for_config.h"
#include "async/loop_thread.h"
#include "async/thread_pool.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "exposition/page_template.h"
#include "http/server.h"
#include "web/auth_filter.h"
#include "web/service.h"
#include "web/web_config_store.h"

namespace postern::app {
namespace {

// The objects that the parts of `postern` share. Each is set by the part of the same name, for
// parts that start later.
struct Daemon {
  explicit Daemon(const config::CommandLine& line) : command_line(line) {}

  const config::CommandLine& command_line;
  const config::Options& options = command_line.options;
  const RealClock clock;
  config::Config config;
  std::optional<Listeners> listeners;
  SystemTime started;
  std::optional<sandbox::Sandbox> sandbox;
  std::optional<web::WebConfigStore> web_config;
  // The thread of the event loop with targets and connections, and the threads for blocking calls.
  // Not set before the sandbox.
  std::optional<async::LoopThread> loop;
  std::optional<async::ThreadPool> pool;
  std::optional<TargetRegistry> targets;
  std::optional<web::WebService> service;
};

// --config.await: answers instead of the other parts until the configuration is valid.
class Standby final : public Part {
 public:
  Standby(Program& program, Daemon& daemon) : Part(program), daemon_(daemon) {}
  const char* name() const override { return "standby"; }

 private:
  std::optional<int> start() override {
    auto waited = waitForConfig(daemon_.command_line);
    if (const auto* code = std::get_if<int>(&waited)) return *code;
    auto& [config, listeners] = std::get<ConfigAndListeners>(waited);
    daemon_.config = std::move(config);
    daemon_.listeners = std::move(listeners);
    return std::nullopt;
  }

  Daemon& daemon_;
};

// Applies the sandbox, before any other thread starts.
class Confinement final : public Part {
 public:
  Confinement(Program& program, Daemon& daemon) : Part(program), daemon_(daemon) {}
  const char* name() const override { return "sandbox"; }

 private:
  std::optional<int> start() override {
    raiseDescriptorLimit(daemon_.options.max_connections);
    daemon_.started = daemon_.clock.system();
    log::info("postern starts", {{"version", version()},
                                 {"revision", revision()},
                                 {"targets", daemon_.config.targets.size()}});
    daemon_.sandbox = applySandbox(daemon_.options, daemon_.config);
    return daemon_.sandbox ? std::nullopt : std::optional(kBadUsage);
  }

  Daemon& daemon_;
};

// The web configuration, which is reloaded automatically.
class AccessControl final : public Part {
 public:
  AccessControl(Program& program, Daemon& daemon) : Part(program), daemon_(daemon) {}
  const char* name() const override { return "access control"; }

 private:
  std::optional<int> start() override {
    const auto& options = daemon_.options;
    const auto& web_config = daemon_.web_config.emplace(
        web::WebConfigFiles{options.web_config_file, options.web_key_password_file}, daemon_.clock,
        [this](const std::vector<config::Path>& files) {
          return outsideOf(*daemon_.sandbox, files);
        });
    for (const auto& error : web_config.startErrors()) log::error(error.text());
    return web_config.startErrors().empty() ? std::nullopt : std::optional(kBadUsage);
  }
  void poll() override { daemon_.web_config->poll(); }

  Daemon& daemon_;
};

class TargetsPart final : public Part {
 public:
  TargetsPart(Program& program, Daemon& daemon) : Part(program), daemon_(daemon) {}
  const char* name() const override { return "targets"; }

 private:
  std::optional<int> start() override {
    exposition::limitPageTemplates(daemon_.options.page_template_limit);
    const TargetRegistry::Threads threads{
        daemon_.loop.emplace(daemon_.clock),
        daemon_.pool.emplace(listenerOptions(daemon_.options).threads)};
    daemon_.targets
        .emplace(daemon_.command_line, *daemon_.sandbox, threads,
                 [this] { return daemon_.service->selfPage(); })
        .start(daemon_.config);
    next_look_ = deadlineIn(daemon_.options.auto_reload_interval);
    return std::nullopt;
  }

  void reload() override { daemon_.targets->reload(); }

  void poll() override {
    const auto& options = daemon_.options;
    daemon_.targets->poll();
    if (!options.enable_auto_reload && !options.await) return;
    if (std::chrono::steady_clock::now() < next_look_) return;
    daemon_.targets->reloadIfChanged();
    next_look_ = deadlineIn(options.auto_reload_interval);
  }

  bool stop() override {
    daemon_.targets->logout();
    return daemon_.targets->settle(deadlineIn(std::chrono::milliseconds(200)));
  }

  Daemon& daemon_;
  SteadyTime next_look_;
};

// The listeners for scrapers, people and probes.
class WebListener final : public Part {
 public:
  WebListener(Program& program, Daemon& daemon) : Part(program), daemon_(daemon) {}
  const char* name() const override { return "web listener"; }

 private:
  std::optional<int> start() override;
  bool stop() override {
    if (!server_->stop(daemon_.options.shutdown_timeout))
      log::warn("scrapes in flight were cut off at --web.shutdown-timeout");
    return true;
  }
  std::uint64_t scrapes() const override { return daemon_.service->scrapes(); }
  void makeService();
  web::Self describe(const web::RequestStats& requests) const;

  Daemon& daemon_;
  std::optional<web::AuthFilter> filter_;
  http::Service web_, health_;
  std::optional<http::Server> server_;
};

web::Self WebListener::describe(const web::RequestStats& requests) const {
  const auto& targets = *daemon_.targets;
  web::Self self{std::string(version()),
                 std::string(revision()),
                 targets.reloadSuccessful(),
                 targets.reloaded(),
                 requests.all(),
                 server_->counts(),
                 daemon_.started,
                 daemon_.options.config_file.string(),
                 targets.fingerprint(),
                 daemon_.web_config->status()};
  self.sandbox = stateOf(daemon_.options.sandbox, *daemon_.sandbox);
  return self;
}

void WebListener::makeService() {
  const auto& options = daemon_.options;
  daemon_.service.emplace(
      web::WebService::ServiceOptions{options.timeout_offset, options.enable_lifecycle,
                                      options.route_prefix, options.status_page,
                                      options.enable_debug},
      web::WebService::Callbacks{
          [this] { return daemon_.targets->now(); },
          [this](const web::RequestStats& requests) { return describe(requests); },
          [this] { return daemon_.targets->reload(); }});
}

std::optional<int> WebListener::start() {
  makeService();
  auto& service = *daemon_.service;
  const auto& web_config = *daemon_.web_config;
  filter_.emplace(
      web_config,
      [&service](const http::Request& request, http::Responder& responder) {
        return service.handle(request, responder);
      },
      // A client without a login uses the listener for probes, if it is configured.
      [this](const http::Request& request) {
        return daemon_.options.health_addresses.empty() && daemon_.service->isHeartbeat(request);
      });
  web_ = {[this](const http::Request& request, http::Responder& responder) {
    return filter_->handle(request, responder);
  }};
  if (web_config.now()->tls) web_.tls = [&web_config] { return web_config.now()->tls; };
  health_ = {[&service](const http::Request& request, http::Responder& responder) {
    return service.handleHealth(request, responder);
  }};
  server_.emplace(listenerOptions(daemon_.options), *daemon_.loop, *daemon_.pool);
  if (!daemon_.listeners) daemon_.listeners = openListeners(daemon_.options);
  if (!daemon_.listeners) return 1;
  for (const auto& listener : daemon_.listeners->web) server_->listen(listener, web_);
  for (const auto& listener : daemon_.listeners->health) server_->listen(listener, health_);
  return std::nullopt;
}

}  // namespace

int serve(const config::CommandLine& command_line, std::optional<config::Config> config) {
  Daemon daemon(command_line);
  Program program("postern");
  if (config) {
    daemon.config = *std::move(config);
  } else {
    program.add<Standby>(daemon);
  }
  program.add<Confinement>(daemon);
  program.add<AccessControl>(daemon);
  program.add<TargetsPart>(daemon);
  program.add<WebListener>(daemon);
  return program.run();
}

}  // namespace postern::app
