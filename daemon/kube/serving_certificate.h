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

// The purpose of the webhook's own certificate, and where it is stored.
struct CertificatePlace {
  std::string secret;   // its name, in `own_namespace`
  std::string webhook;  // name of the MutatingWebhookConfiguration
  std::string service;  // name of the Service that the API server calls; in `own_namespace`
  std::string own_namespace;
  std::chrono::seconds life;  // of a new certificate; at least 10 s
};

// Issues the webhook's serving certificate, keeps it in a Secret that all replicas share, and
// writes its authority as caBundle into every entry of the webhook.
//
// Renews it at two thirds of its life without a refused request. Until the old authority expires,
// caBundle contains both. The new certificate is served only after the API server has had time to
// reload caBundle. Replicas that write at the same time get a conflict and read again. A Secret
// with other content is overwritten. One thread.
class ServingCertificate {
 public:
  // Publishes to `material` once caBundle has the authority. All must outlive this.
  ServingCertificate(ApiClient& api, CertificatePlace place, ServingMaterial& material,
                     const Clock& clock);

  // Reads both objects and updates them if needed. Returns the time until the next call.
  std::chrono::milliseconds update(const std::stop_token& stop);

 private:
  // One certificate in the Secret.
  struct Generation {
    tls::Issued issued;  // with its authority, and earlier ones that have not expired
    tls::Validity validity;
  };
  struct Stored {
    bool there = false;
    std::string version;  // resourceVersion
    tls::Issued issued;
  };
  enum class WriteOutcome { Done, Conflict };

  Result<WriteOutcome> tryUpdate();
  Result<Stored> readSecret();
  Result<Json> readWebhook();
  Result<std::optional<Generation>> generationOf(const Stored& stored);
  Result<std::optional<Generation>> renew(const Stored& stored, std::string_view why);
  std::string joined(const std::vector<std::string>& authorities) const;
  Result<WriteOutcome> write(const Stored& stored, const tls::Issued& issued);
  Result<WriteOutcome> announce(const Json& webhook, const Generation& generation);
  Result<void> show(const Generation& generation);
  std::chrono::milliseconds untilNextUpdate() const;
  bool due(const tls::Validity& validity) const;
  std::string hostName() const;

  ApiClient& api_;
  const CertificatePlace place_;
  ServingMaterial& material_;
  const Clock& clock_;
  LogOnChange failing_;
  std::chrono::milliseconds retry_{1000};
  std::optional<Generation> latest_;  // its authority is in caBundle since announced_
  SteadyTime announced_;
  std::string shown_;  // PEM of the certificate that was published last; empty before the first
};

}  // namespace postern::kube
