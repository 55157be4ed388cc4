#include "app/inject.h"

#include <atomic>
#include <optional>

#include "app/apply_sandbox.h"
#include "app/exit_code.h"
#include "app/inject_page.h"
#include "app/inject_pod.h"
#include "app/injector_tasks.h"
#include "app/listeners.h"
#include "app/program.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "http/blocking_handler.h"
#include "kube/serving_material.h"
#include "kube/webhook.h"

namespace postern::app {
namespace {

// `native` must outlive the rules.
kube::InjectionRules rulesOf(const config::Inject& options, const std::atomic<bool>& native) {
  return {options.image,
          options.allowed_images,
          options.defaults,
          [&native] { return native.load(); },
          options.locked_annotations,
          options.allowed_target_hosts};
}

http::ServerOptions serverOptionsOf(const config::Options& options) {
  auto server = listenerOptions(options);
  // The API server itself waits at most ten seconds.
  server.header_timeout = std::min(server.header_timeout, config::milliseconds(5'000));
  return server;
}

// The files of the service account must be readable too.
config::Options withFilesOf(const ClusterPlace& place, config::Options options) {
  if (place.api) {
    options.files.push_back(place.api->token_file.parent_path());
    options.files.push_back(place.api->ca_file.parent_path());
  }
  return options;
}

// The webhook, its listeners and its tasks.
class Injector final : public Part {
 public:
  // All references must outlive this. `native` is the value that `rules` return for native
  // sidecars.
  Injector(Program& program, const config::CommandLine& command_line, kube::InjectionRules rules,
           std::atomic<bool>& native)
      : Part(program),
        inject_(command_line.inject),
        place_(placeOf(inject_)),
        options_(withFilesOf(place_, command_line.options)),
        native_sidecars_(native),
        rules_(std::move(rules)) {}
  const char* name() const override { return "injector"; }

 private:
  std::optional<int> start() override;
  void poll() override {
    if (mounted_) mounted_->poll();
  }
  bool stop() override;
  void announce() const;
  void startTasks();
  bool listen();

  const config::Inject& inject_;
  const ClusterPlace place_;
  const config::Options options_;
  std::atomic<bool>& native_sidecars_;
  kube::InjectionRules rules_;
  const RealClock clock_;
  std::optional<sandbox::Sandbox> sandbox_;
  kube::ServingMaterial material_;
  std::optional<kube::MountedPair> mounted_;
  std::optional<InjectorTasks> tasks_;
  std::optional<kube::Webhook> webhook_;
  std::optional<InjectPage> page_;
  const http::BlockingHandler review_ = [this](const http::Request& request,
                                               const http::ClientGone& gone) {
    return webhook_->answer(request, gone);
  };
  http::Service reviews_, health_;
  std::optional<http::Server> server_;
};

std::optional<int> Injector::start() {
  if (const auto missing = missingFor(inject_, place_); !missing.empty()) {
    for (const auto& flag : missing) log::error(flag);
    return kBadUsage;
  }
  raiseDescriptorLimit(options_.max_connections);
  announce();
  sandbox_ = applySandbox(options_, {});
  if (!sandbox_) return kBadUsage;
  startTasks();
  webhook_.emplace(std::move(rules_));
  if (!listen()) return 1;
  return std::nullopt;
}

void Injector::announce() const {
  log::info("postern inject starts",
            {{"version", version()}, {"revision", revision()}, {"image", rules_.image}});
  if (!rules_.allowed_target_hosts.empty() && !rules_.locks("config-map")) {
    log::warn(
        "pods may still mount a ConfigMap that names any host: only ConfigMaps with the label "
        "postern.io/config are checked",
        {{"next", "add --inject.locked-annotations=config-map"}});
  }
}

void Injector::startTasks() {
  if (!inject_.tls_dir.empty()) {
    mounted_.emplace(inject_.tls_dir, material_, clock_);
    mounted_->poll();
  }
  if (place_.api) {
    tasks_.emplace(inject_, place_, material_, native_sidecars_, clock_);
  } else {
    log::warn(
        "no API server is configured: sidecars are plain containers, and missed pods are not "
        "counted",
        {{"next", "set --kube.api-server"}});
  }
}

// False if an address cannot be opened.
bool Injector::listen() {
  reviews_ = {[this](const http::Request& request, http::Responder& responder) {
                return http::answerBlocking(review_, request, responder);
              },
              [this] { return material_.now(); }, kube::Webhook::kMaxBody};
  health_ = {[this](const http::Request& request, http::Responder& responder) {
    return responder.send(page_->answer(request));
  }};
  server_.emplace(serverOptionsOf(options_));
  page_.emplace(InjectPage::Sources{*webhook_, native_sidecars_, material_,
                                    tasks_ ? &*tasks_ : nullptr, *server_});
  const auto listeners = openListeners(options_);
  if (!listeners) return false;
  for (const auto& listener : listeners->web) server_->listen(listener, reviews_);
  for (const auto& listener : listeners->health) server_->listen(listener, health_);
  return true;
}

bool Injector::stop() {
  if (tasks_) tasks_->stop(std::chrono::steady_clock::now());
  if (!server_->stop(options_.shutdown_timeout))
    log::warn("reviews in flight were cut off at --web.shutdown-timeout");
  // Does not wait for a hanging API server.
  return !tasks_ || tasks_->stop(deadlineIn(std::chrono::milliseconds(200)));
}

}  // namespace

int inject(const config::CommandLine& command_line) {
  const auto& options = command_line.inject;
  // Auto means no until the API server has reported its version and those of its nodes.
  std::atomic<bool> native = options.native_sidecar == config::NativeSidecar::Yes;
  auto rules = rulesOf(options, native);
  if (const auto wrong = kube::mistakeInLocks(rules); !wrong.empty()) {
    log::error(wrong);
    return kBadUsage;
  }
  if (const auto wrong = kube::mistakeIn(rules); !wrong.empty()) {
    log::error("every pod would be refused", {{"error", wrong}});
    return kBadUsage;
  }
  if (!options.pod_file.empty()) return injectPod(options.pod_file, rules);
  Program program("postern inject");
  program.add<Injector>(command_line, std::move(rules), native);
  return program.run();
}

}  // namespace postern::app
