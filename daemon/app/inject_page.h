#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "http/server.h"
#include "kube/api_client.h"
#include "kube/missed_pods.h"
#include "kube/webhook.h"

namespace postern::app {

// What the injector says of itself at --web.health-address: probes and own metrics. Ready as soon
// as it has a certificate to serve with. Thread-safe.
class InjectPage {
 public:
  // Asked at each request, on any thread; none of them waits.
  struct Sources {
    std::function<kube::Webhook::Counts()> counts;
    std::function<bool()> native_sidecars;
    std::function<bool()> ready;
    std::function<std::optional<SystemTime>()> not_after;  // of the serving certificate
    std::function<kube::MissedPods::Counts()> missed_pods;
    std::function<kube::ApiClient::Counts()> api_requests;
    std::function<http::Server::Counts()> front;
  };

  explicit InjectPage(Sources sources) : sources_(std::move(sources)) {}

  http::Reply answer(const http::Request& request) const;

 private:
  std::string metrics() const;

  const Sources sources_;
};

}  // namespace postern::app
