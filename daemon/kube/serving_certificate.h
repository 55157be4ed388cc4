#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log_on_change.h"
#include "base/result.h"
#include "kube/api_client.h"
#include "kube/serving_material.h"
#include "tls/issue.h"
#include "tls/material.h"

namespace postern::kube {

// What the webhook's own certificate is for and where it is kept.
struct CertificatePlace {
  std::string secret;   // its name, in `own_namespace`
  std::string webhook;  // name of the MutatingWebhookConfiguration
  std::string service;  // that the API server calls; in `own_namespace`
  std::string own_namespace;
  std::chrono::seconds life;  // of a certificate that is made; at least 10 s
};

// The serving certificate that nobody else issues: made here, kept in a Secret that all replicas
// share, its authority written as caBundle into every entry of the webhook.
//
// Renewed at two thirds of its life without a refused request: the new authority stands beside the
// old one in caBundle, until the old one has expired, and the new certificate is shown only when
// the API server has had time to take that up. Replicas that write at the same time find a conflict
// and read again. A Secret that holds something else is written anew. One thread.
class ServingCertificate {
 public:
  // Publishes into `material` when caBundle has the authority. All must outlive this.
  ServingCertificate(ApiClient& api, CertificatePlace place, ServingMaterial& material,
                     const Clock& clock);

  // Reads both objects and does what there is to do. Returns in what time to look again.
  std::chrono::milliseconds look(const std::stop_token& stop);

 private:
  // One certificate as the Secret has it.
  struct Generation {
    tls::Issued issued;  // its authority, and those before it that have not expired
    tls::Validity validity;
  };
  struct Stored {
    bool there = false;
    std::string version;  // resourceVersion
    tls::Issued issued;
  };
  enum class Step { Done, Conflict };

  Result<Step> tryLook();
  Result<Stored> readSecret();
  Result<Json> readWebhook();
  Result<std::optional<Generation>> generationOf(const Stored& stored);
  Result<std::optional<Generation>> renew(const Stored& stored, std::string_view why);
  std::string joined(const std::vector<std::string>& authorities) const;
  Result<Step> write(const Stored& stored, const tls::Issued& issued);
  Result<Step> announce(const Json& webhook, const Generation& generation);
  Result<void> show(const Generation& generation);
  std::chrono::milliseconds untilNextLook() const;
  bool due(const tls::Validity& validity) const;
  std::string hostName() const;

  ApiClient& api_;
  const CertificatePlace place_;
  ServingMaterial& material_;
  const Clock& clock_;
  LogOnChange failing_;
  std::chrono::milliseconds retry_{1000};
  std::optional<Generation> latest_;  // its authority stands in caBundle since announced_
  SteadyTime announced_;
  std::string shown_;  // PEM of the certificate that was published last; empty: none
};

}  // namespace postern::kube
