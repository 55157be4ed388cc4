#pragma once

#include <atomic>
#include <string>

#include "app/injector_tasks.h"
#include "http/server.h"
#include "kube/serving_material.h"
#include "kube/webhook.h"

namespace postern::app {

// What the injector says of itself at --web.health-address: probes and own metrics. Ready as soon
// as it has a certificate to serve with. Thread-safe.
class InjectPage {
 public:
  // Asked at each request, on any thread; none of them waits. All must outlive the page.
  struct Sources {
    const kube::Webhook& webhook;
    const std::atomic<bool>& native_sidecars;
    const kube::ServingMaterial& material;
    const InjectorTasks* tasks;  // null: there is no API server
    const http::Server& server;
  };

  explicit InjectPage(const Sources& sources) : sources_(sources) {}

  http::Reply answer(const http::Request& request) const;

 private:
  std::string metrics() const;

  const Sources sources_;
};

}  // namespace postern::app
