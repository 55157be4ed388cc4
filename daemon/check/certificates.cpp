#include "check/certificates.h"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "base/date.h"
#include "check/remedy.h"
#include "tls/certificate.h"

namespace postern::check {
namespace {

std::int64_t daysLeft(const tls::Summary& certificate, SystemTime now) {
  using Days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;
  return std::chrono::floor<Days>(certificate.validity.not_after - now).count();
}

// Appends a description of each certificate. Adds `file` to `renew` if one of them expires soon.
void describeAll(const std::vector<tls::Summary>& all, const char* role, const config::Path& file,
                 SystemTime now, Step& step, std::string& renew) {
  for (const auto& certificate : all) {
    if (!step.what.empty()) step.what += "; ";
    step.what += fmt::format("{} {}", role, describe(certificate, now));
    auto details = detailsOf(certificate, now);
    details["role"] = role;
    details["file"] = file.string();
    step.details["certificates"].push_back(std::move(details));
    if (tls::expiresSoon(certificate.validity, now)) renew = file.string();
  }
}

// Appends a description of each CRL. Adds `file` to `replace` if one of them has expired.
void describeCrls(const std::vector<tls::CrlSummary>& crls, const config::Path& file,
                  SystemTime now, Step& step, std::string& replace) {
  for (const auto& crl : crls) {
    step.what += fmt::format("; CRL of '{}' with {}{}", crl.issuer, crl.revoked,
                             crl.revoked == 1 ? " certificate" : " certificates");
    OrderedJson details = {{"file", file.string()},
                           {"issuer", crl.issuer},
                           {"revoked", crl.revoked},
                           {"last_update", rfc3339(crl.last_update)},
                           {"next_update", nullptr}};
    if (crl.next_update) {
      const auto until = rfc3339(*crl.next_update);
      step.what += (tls::expired(crl, now) ? ", expired at " : ", valid until ") + until;
      details["next_update"] = until;
    }
    step.details["crls"].push_back(std::move(details));
    if (tls::expired(crl, now)) replace = file.string();
  }
}

}  // namespace

std::string describe(const tls::Summary& certificate, SystemTime now) {
  const auto days = daysLeft(certificate, now);
  const auto left = days < 0 ? "expired at " + rfc3339(certificate.validity.not_after)
                             : fmt::format("{}{} left", days, days == 1 ? " day" : " days");
  return fmt::format("'{}' for {}, signed by '{}', {}", certificate.subject, certificate.names,
                     certificate.issuer, left);
}

OrderedJson detailsOf(const tls::Summary& certificate, SystemTime now) {
  return {{"subject", certificate.subject},
          {"names", certificate.names},
          {"issuer", certificate.issuer},
          {"not_before", rfc3339(certificate.validity.not_before)},
          {"not_after", rfc3339(certificate.validity.not_after)},
          {"days_left", daysLeft(certificate, now)}};
}

Certificates examineCertificates(const config::Target& target, SystemTime now) {
  auto material = tls::Material::load(target.tls, now);
  if (!material) return {nullptr, failedStep("certificates", material.error(), target)};
  Step step{"certificates", StepState::Ok, "", "", OrderedJson::object()};
  step.details["certificates"] = OrderedJson::array();
  std::string renew;
  describeAll((*material)->clientChain(), "client", target.tls.cert_file, now, step, renew);
  if (step.what.empty()) step.what = "no client certificate";
  describeAll((*material)->authorities(), "CA", target.tls.ca_file, now, step, renew);
  if ((*material)->authorities().empty()) {
    step.what += target.tls.files_only ? "; no CA file" : "; the system's roots are trusted";
  }
  const auto& warnings = (*material)->warnings();
  for (const auto& warning : warnings) step.what += "; " + warning;
  std::string replace;
  describeCrls((*material)->crls(), target.tls.crl_file, now, step, replace);
  if (!replace.empty()) {
    step.state = StepState::Failed;
    step.remedy = fmt::format(
        "replace {} with the CA's current CRL: until then certificates of that CA are refused",
        replace);
  } else if (!renew.empty()) {
    step.state = StepState::Warning;
    step.remedy = "renew " + renew;
  } else if (!warnings.empty()) {
    step.state = StepState::Warning;
    step.remedy = "correct the file as the warning says";
  }
  return {*std::move(material), std::move(step)};
}

}  // namespace postern::check
