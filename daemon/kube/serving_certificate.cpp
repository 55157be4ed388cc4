#include "kube/serving_certificate.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/date.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/printable.h"
#include "config/syntax.h"
#include "config/web_config.h"
#include "kube/api_answer.h"
#include "tls/certificate.h"
#include "tls/server_context.h"

namespace postern::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kConflict = 409;
constexpr int kNotFound = 404;
constexpr int kMostConflicts = 5;
constexpr std::size_t kMostAuthorities = 4;  // in caBundle
constexpr milliseconds kLongestRetry{30'000};

// The certificate must be valid for a clock that lags.
constexpr std::chrono::hours kBackdated{1};

tls::Validity validityFrom(SystemTime now, seconds life) {
  return {now - std::min<seconds>(kBackdated, life / 10), now + life};
}

milliseconds lifeOf(const tls::Validity& validity) {
  return std::chrono::duration_cast<milliseconds>(validity.not_after - validity.not_before);
}

// How long API servers may take to reload caBundle. They watch it, so it usually takes a fraction
// of a second.
milliseconds settlingTime(const tls::Validity& validity) {
  return std::clamp<milliseconds>(lifeOf(validity) / 20, milliseconds(1000), milliseconds(10'000));
}

// A value of a Secret's `data`; empty if it is missing or not base64.
Secret dataAt(Json& body, const char* key) {
  const auto* const value = find(body, {"data", key});
  if (value == nullptr || !value->is_string()) return {};
  auto& encoded = *body["data"][key].get_ptr<std::string*>();
  auto decoded = decodeBase64Secret(encoded);
  wipeBytes(encoded.data(), encoded.size());
  return decoded ? *std::move(decoded) : Secret();
}

// Appends `,"key":"base64"`, with the comma only after another member.
void appendData(std::string_view key, std::string_view value, Secret& body) {
  body.append(body.reveal().ends_with('{') ? "\"" : ",\"");
  body.append(key);
  body.append("\":\"");
  body.append(encodeBase64(Secret(value)).reveal());
  body.append("\"");
}

const Json& entriesOf(const Json& webhook) {
  static const Json kNone = Json::array();
  const auto* const entries = find(webhook, {"webhooks"});
  return entries != nullptr && entries->is_array() ? *entries : kNone;
}

}  // namespace

ServingCertificate::ServingCertificate(ApiClient& api, CertificatePlace place,
                                       ServingMaterial& material, const Clock& clock)
    : api_(api), place_(std::move(place)), material_(material), clock_(clock) {}

milliseconds ServingCertificate::update(const std::stop_token& stop) {
  auto outcome = tryUpdate();
  for (int i = 1; i < kMostConflicts && outcome && *outcome == WriteOutcome::Conflict; ++i) {
    if (stop.stop_requested()) return retry_;
    outcome = tryUpdate();
  }
  auto tried = outcome ? Result<void>() : Result<void>(outcome.error());
  if (outcome && *outcome == WriteOutcome::Conflict) {
    tried = Error{Fault::Busy, "another writer keeps changing the same objects"};
  }
  logFailure(failing_, "keeping the webhook's certificate", tried,
             "postern retries at least every 30 s");
  if (!tried) {
    const auto wait = retry_;
    retry_ = std::min(2 * retry_, kLongestRetry);
    return wait;
  }
  retry_ = milliseconds(1000);
  return untilNextUpdate();
}

// Reads the webhook first. Any writer to this version of it has read a Secret that is at least as
// new, so an older bundle never overwrites a newer one.
Result<ServingCertificate::WriteOutcome> ServingCertificate::tryUpdate() {
  TRY(const auto webhook, readWebhook());
  TRY(const auto stored, readSecret());
  TRY(auto generation, generationOf(stored));
  if (!generation) return WriteOutcome::Conflict;
  auto announced = announce(webhook, *generation);
  if (!announced || *announced == WriteOutcome::Conflict) return announced;
  if (!latest_ || latest_->issued.certificate != generation->issued.certificate) {
    announced_ = clock_.steady();
  }
  latest_ = *std::move(generation);
  const bool settled =
      clock_.steady() - announced_ >= settlingTime(latest_->validity) || shown_.empty();
  if (shown_ != latest_->issued.certificate && settled) {
    TRY_VOID(show(*latest_));
  }
  return WriteOutcome::Done;
}

Result<Json> ServingCertificate::readWebhook() {
  ApiRequest request;
  request.doing = "reading MutatingWebhookConfiguration " + place_.webhook;
  request.path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" +
                 percentEncode(place_.webhook);
  auto webhook = api_.fetch(request);
  if (webhook && entriesOf(*webhook).empty()) {
    return Error{Fault::Empty, request.doing + ": it has no entry in `webhooks`"};
  }
  return webhook;
}

Result<ServingCertificate::Stored> ServingCertificate::readSecret() {
  ApiRequest request;
  request.doing = fmt::format("reading Secret {}/{}", place_.own_namespace, place_.secret);
  request.path = fmt::format("/api/v1/namespaces/{}/secrets/{}",
                             percentEncode(place_.own_namespace), percentEncode(place_.secret));
  request.expected = kNotFound;
  auto answer = api_.ask(request);
  if (!answer) return std::move(answer).error();
  if (answer->status == kNotFound) return Stored();
  if (!answer->good()) return refusal(request, *answer);
  Stored stored;
  stored.there = true;
  stored.version = std::string(findText(answer->body, {"metadata", "resourceVersion"}));
  stored.issued.certificate = std::string(dataAt(answer->body, "tls.crt").reveal());
  stored.issued.authority = std::string(dataAt(answer->body, "ca.crt").reveal());
  stored.issued.key = dataAt(answer->body, "tls.key");
  return stored;
}

// The certificate in the Secret, or a new one if that is missing, due or invalid. Nothing if
// another replica was faster.
Result<std::optional<ServingCertificate::Generation>> ServingCertificate::generationOf(
    const Stored& stored) {
  const auto& issued = stored.issued;
  if (issued.certificate.empty() && issued.authority.empty() && issued.key.empty()) {
    return renew(stored, "no certificate was stored");
  }
  const auto validity = tls::vouchedFor(issued, hostName(), clock_.system());
  if (validity && !due(*validity)) return std::optional(Generation{issued, *validity});
  if (validity) return renew(stored, "two thirds of its life have passed");
  log::warn("the Secret of the webhook's certificate cannot be used",
            {{"secret", fmt::format("{}/{}", place_.own_namespace, place_.secret)},
             {"error", validity.error().what},
             {"next", "it is overwritten"}});
  return renew(stored, "the Secret contained something else");
}

Result<std::optional<ServingCertificate::Generation>> ServingCertificate::renew(
    const Stored& stored, std::string_view why) {
  const auto& service = place_.service;
  const auto in_namespace = fmt::format("{}.{}", service, place_.own_namespace);
  const auto validity = validityFrom(clock_.system(), place_.life);
  TRY(auto issued, tls::issue({in_namespace + ".svc", service, in_namespace,
                               in_namespace + ".svc.cluster.local"},
                              validity));
  // The source of caBundle in case somebody empties it.
  issued.authority = joined({issued.authority, stored.issued.authority,
                             latest_ ? latest_->issued.authority : std::string()});
  TRY(const auto written, write(stored, issued));
  if (written == WriteOutcome::Conflict) return std::optional<Generation>();
  log::info("a new certificate for the webhook was issued",
            {{"because", why},
             {"secret", fmt::format("{}/{}", place_.own_namespace, place_.secret)},
             {"not_after", rfc3339(validity.not_after)}});
  return std::optional(Generation{std::move(issued), validity});
}

// Each unexpired authority, once. Ignores any that is not PEM.
std::string ServingCertificate::joined(const std::vector<std::string>& authorities) const {
  const auto now = clock_.system();
  std::string all;
  for (const auto& some : authorities) all += tls::unexpired(some, now, kMostAuthorities);
  return tls::unexpired(all, now, kMostAuthorities);
}

// Patches only its data, so that other fields keep what others have written.
Result<ServingCertificate::WriteOutcome> ServingCertificate::write(const Stored& stored,
                                                                   const tls::Issued& issued) {
  ApiRequest request;
  const std::string folder =
      fmt::format("/api/v1/namespaces/{}/secrets", percentEncode(place_.own_namespace));
  if (stored.there) {
    request.doing = "writing";
    request.method = "PATCH";
    request.path = fmt::format("{}/{}", folder, percentEncode(place_.secret));
    request.content_type = "application/merge-patch+json";
    request.body =
        Secret(R"({"metadata":{"resourceVersion":)" + quoteJson(stored.version) + R"(},"data":{)");
  } else {
    request.doing = "creating";
    request.method = "POST";
    request.path = folder;
    request.content_type = "application/json";
    request.body =
        Secret(R"({"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"name":)" +
               quoteJson(place_.secret) + R"(},"data":{)");
  }
  request.doing += fmt::format(" Secret {}/{}", place_.own_namespace, place_.secret);
  appendData("tls.crt", issued.certificate, request.body);
  appendData("tls.key", issued.key.reveal(), request.body);
  appendData("ca.crt", issued.authority, request.body);
  request.body.append("}}");
  request.expected = kConflict;
  const auto answer = api_.ask(request);
  if (!answer) return answer.error();
  if (answer->status == kConflict) return WriteOutcome::Conflict;
  if (!answer->good()) return refusal(request, *answer);
  return WriteOutcome::Done;
}

// Writes caBundle where it differs. Keeps each authority until it expires, because another replica
// may serve a certificate of it.
Result<ServingCertificate::WriteOutcome> ServingCertificate::announce(
    const Json& webhook, const Generation& generation) {
  std::vector<std::string> trusted = {generation.issued.authority};
  for (const auto& entry : entriesOf(webhook)) {
    trusted.push_back(decodeBase64(findText(entry, {"clientConfig", "caBundle"})).value_or(""));
  }
  const auto bundle = encodeBase64(joined(trusted));
  auto changes = Json::array();
  for (const auto& entry : entriesOf(webhook)) {
    if (findText(entry, {"clientConfig", "caBundle"}) == bundle) continue;
    changes.push_back(
        {{"name", findText(entry, {"name"})}, {"clientConfig", {{"caBundle", bundle}}}});
  }
  if (changes.empty()) return WriteOutcome::Done;
  const Json patch = {
      {"metadata", {{"resourceVersion", findText(webhook, {"metadata", "resourceVersion"})}}},
      {"webhooks", changes}};
  ApiRequest request;
  request.doing = "writing caBundle into MutatingWebhookConfiguration " + place_.webhook;
  request.method = "PATCH";
  request.path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" +
                 percentEncode(place_.webhook);
  // The API server identifies the entries by their names.
  request.content_type = "application/strategic-merge-patch+json";
  request.body = Secret(patch.dump());
  request.expected = kConflict;
  const auto answer = api_.ask(request);
  if (!answer) return answer.error();
  if (answer->status == kConflict) return WriteOutcome::Conflict;
  if (!answer->good()) return refusal(request, *answer);
  log::info("caBundle was written", {{"webhook", place_.webhook}, {"entries", changes.size()}});
  return WriteOutcome::Done;
}

// New connections use it from now on.
Result<void> ServingCertificate::show(const Generation& generation) {
  config::TlsServer config;
  config.cert = generation.issued.certificate;
  config.key = generation.issued.key;
  TRY(auto loaded, tls::loadServerContext(config, {}, clock_.system()));
  log::info("the webhook serves its certificate",
            {{"not_after", rfc3339(generation.validity.not_after)}});
  shown_ = generation.issued.certificate;
  material_.publish(loaded);
  return {};
}

milliseconds ServingCertificate::untilNextUpdate() const {
  const auto life = lifeOf(latest_->validity);
  if (shown_ != latest_->issued.certificate) {
    const auto settled = announced_ + settlingTime(latest_->validity);
    return std::max(milliseconds(100), std::chrono::ceil<milliseconds>(settled - clock_.steady()));
  }
  return std::clamp<milliseconds>(life / 30, milliseconds(1000), milliseconds(30'000));
}

bool ServingCertificate::due(const tls::Validity& validity) const {
  return clock_.system() >= validity.not_before + lifeOf(validity) * 2 / 3;
}

// The name in the certificate that the API server verifies.
std::string ServingCertificate::hostName() const {
  return fmt::format("{}.{}.svc", place_.service, place_.own_namespace);
}

}  // namespace postern::kube
