#pragma once

#include <atomic>
#include <string>

#include "app/injector_tasks.h"
#include "http/server.h"
#include "kube/serving_material.h"
#include "kube/webhook.h"

namespace postern::app {

// The injector's pages at --web.health-address: probes and self-metrics. Ready as soon as it has a
// serving certificate. Thread-safe.
class InjectPage {
 public:
  // Read at each request, on any thread, without blocking. All must outlive the page.
  struct Sources {
    const kube::Webhook& webhook;
    const std::atomic<bool>& native_sidecars;
    const kube::ServingMaterial& material;
    const InjectorTasks* tasks;  // null without an API server
    const http::Server& server;
  };

  explicit InjectPage(const Sources& sources) : sources_(sources) {}

  http::Reply answer(const http::Request& request) const;

 private:
  std::string metrics() const;

  const Sources sources_;
};

}  // namespace postern::app
