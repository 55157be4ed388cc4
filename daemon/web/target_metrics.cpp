#include "web/target_metrics.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace postern::web {
namespace {

using Text = MetricsText;
using View = TargetView;

// Writes the only sample of a target, or nothing without a value.
void sampleOf(const View& target, std::optional<double> value, Text& text) {
  if (value) text.sample({{"target", target.config->name}}, *value);
}

void sampleOf(const View& target, const std::optional<SystemTime>& time, Text& text) {
  if (time) sampleOf(target, unixSeconds(*time), text);
}

// Writes one of several samples of a target, which differ in the label `label`.
template <typename Value>
void sampleWith(const View& target, std::string_view label, std::string_view which, Value value,
                Text& text) {
  text.sample({{"target", target.config->name}, {label, which}}, value);
}

void writeDropped(const View& target, Text& text) {
  const auto& all = target.counts.all;
  sampleWith(target, "reason", "match", asDouble(all.unmatched), text);
  sampleWith(target, "reason", "relabel", asDouble(all.relabelled), text);
  sampleWith(target, "reason", "family_series_limit", asDouble(all.excess), text);
  sampleWith(target, "reason", "nan", asDouble(all.nan), text);
}

void writeUp(const View& target, Text& text) {
  if (target.counts.scraped) sampleOf(target, target.counts.fault ? 0.0 : 1.0, text);
}

void writePagesUp(const View& target, Text& text) {
  const auto& pages = target.config->pages;
  for (std::size_t page = 0; page < std::min(target.counts.pages.size(), pages.size()); ++page)
    sampleWith(target, "page", pages[page].name(), target.counts.pages[page] ? 0.0 : 1.0, text);
}

void writeFaults(const View& target, Text& text) {
  const auto& fault = target.counts.fault;
  for (const auto& info : kFaults) {
    if (!isOfTarget(info.fault)) continue;
    sampleWith(target, "fault", info.name, fault && fault->fault == info.fault ? 1.0 : 0.0, text);
  }
}

void writeFailures(const View& target, Text& text) {
  for (const auto& info : kFaults) {
    if (!isOfTarget(info.fault)) continue;
    const auto count = target.counts.failures[static_cast<std::size_t>(info.fault)];
    sampleWith(target, "reason", info.name, count, text);
  }
}

void writeDurations(const View& target, Text& text) {
  text.histogram({{"target", target.config->name}}, target.counts.durations);
}

void writeLogins(const View& target, Text& text) {
  const auto& session = target.session;
  sampleWith(target, "result", "success", session.successes, text);
  sampleWith(target, "result", "rejected", session.rejected, text);
  sampleWith(target, "result", "throttled", session.throttled, text);
  sampleWith(target, "result", "failed", session.failed, text);
  sampleWith(target, "result", "unreachable", session.unreachable, text);
}

void writeNextLogin(const View& target, Text& text) {
  if (!target.session.waiting) return;
  const auto& next = target.session.next_attempt;
  sampleOf(target, next ? unixSeconds(*next) : std::numeric_limits<double>::infinity(), text);
}

void writeCredentialReloads(const View& target, Text& text) {
  if (!target.credential) return;
  const auto& credential = *target.credential;
  const auto result = [&](std::string_view name, std::uint64_t count) {
    text.sample({{"target", target.config->name}, {"source", credential.source}, {"result", name}},
                count);
  };
  result("success", credential.changes);
  result("failure", credential.failed_loads);
}

void writeCredentialLastSuccess(const View& target, Text& text) {
  if (!target.credential || !target.credential->last_success) return;
  const auto& credential = *target.credential;
  sampleWith(target, "source", credential.source, unixSeconds(*credential.last_success), text);
}

void writeCredentialLastRead(const View& target, Text& text) {
  if (!target.credential) return;
  const auto& credential = *target.credential;
  const bool failed = !credential.error.empty();
  if (failed || credential.last_success)
    sampleWith(target, "source", credential.source, failed ? 0.0 : 1.0, text);
}

void writeCertificates(const View& target, SystemTime tls::Validity::*bound, Text& text) {
  for (const auto& material : target.materials) {
    const auto role = [&](std::string_view name, const std::optional<tls::Validity>& validity) {
      if (!validity) return;
      sampleWith(target, "role", std::string(rolePrefix(material.peer)).append(name),
                 unixSeconds((*validity).*bound), text);
    };
    role("client", material.client_validity);
    role("ca", material.ca_validity);
    if (material.server) role("upstream", material.server->validity);
  }
}

std::string_view roleOfReloads(MaterialView::PeerKind peer) {
  switch (peer) {
    case MaterialView::PeerKind::Service: break;
    case MaterialView::PeerKind::TokenEndpoint: return "token_endpoint";
    case MaterialView::PeerKind::Database: return "database";
  }
  return "client";
}

void writeTlsReloads(const View& target, Text& text) {
  for (const auto& material : target.materials) {
    const auto result = [&](std::string_view name, std::uint64_t count) {
      text.sample({{"target", target.config->name},
                   {"role", roleOfReloads(material.peer)},
                   {"result", name}},
                  count);
    };
    result("success", material.status.reloads);
    result("failure", material.status.failed_reloads);
  }
}

void writeVerificationDisabled(const View& target, Text& text) {
  const auto& oauth2 = target.config->oauth2;
  const bool disabled =
      target.config->tls.insecure_skip_verify || (oauth2 && oauth2->tls.insecure_skip_verify);
  sampleOf(target, disabled ? 1.0 : 0.0, text);
}

constexpr Metric<View> kTable[] = {
    {"postern_up", "gauge", "Whether the last scrape of the target succeeded.", writeUp},
    {"postern_page_up", "gauge", "Whether the page was fetched by the last scrape of the target.",
     writePagesUp, ShownOn::OwnPage},
    {"postern_target_fault", "gauge", "1 for the fault that the target's last scrape ended with.",
     writeFaults},
    {"postern_scrapes_total", "counter", "Scrapes of the target that were answered.",
     [](const View& target, Text& text) {
       sampleOf(target, asDouble(target.counts.scrapes), text);
     }},
    {"postern_scrape_failures_total", "counter", "Scrapes of the target that failed, by fault.",
     writeFailures},
    {"postern_scrape_duration_seconds", "histogram",
     "Time from a scrape's request to the end of its response.", writeDurations},
    {"postern_page_bytes", "gauge", "Size of the target's last successful page before compression.",
     [](const View& target, Text& text) {
       sampleOf(target, asDouble(target.counts.page_bytes), text);
     }},
    {"postern_samples", "gauge", "Samples in the target's last successful page.",
     [](const View& target, Text& text) {
       sampleOf(target, asDouble(target.counts.samples), text);
     }},
    {"postern_samples_dropped_total", "counter",
     "Samples of successful pages that were dropped, by reason.", writeDropped},
    {"postern_duplicate_samples_total", "counter",
     "Samples of successful pages that are duplicates: the service sent their series twice.",
     [](const View& target, Text& text) {
       sampleOf(target, asDouble(target.counts.all.duplicates), text);
     }},
    {"postern_relabel_duplicate_samples_total", "counter",
     "Samples of successful pages that rules made duplicates of another series of the page.",
     [](const View& target, Text& text) {
       sampleOf(target, asDouble(target.counts.all.relabel_duplicates), text);
     }},
    {"postern_checks_skipped_total", "counter",
     "Pages that were too large for a complete search for duplicate series.",
     [](const View& target, Text& text) {
       sampleOf(target, asDouble(target.counts.checks_skipped), text);
     }},
    {"postern_type_clashes_total", "counter",
     "Families to which two pages of a target gave different types.",
     [](const View& target, Text& text) {
       sampleOf(target, asDouble(target.counts.type_clashes), text);
     }},
    {"postern_shared_responses_total", "counter",
     "Scrapes that were answered with the page of another scrape.",
     [](const View& target, Text& text) {
       sampleOf(target, asDouble(target.counts.shared), text);
     }},
    {"postern_upstream_connections", "gauge", "Open connections to the guarded service.",
     [](const View& target, Text& text) { sampleOf(target, asDouble(target.connections), text); }},
    {"postern_login_attempts_total", "counter",
     "Logins, and requests that carried a credential for the first time, by result.", writeLogins},
    {"postern_login_rejections", "gauge",
     "Consecutive rejections of the credential by the service.",
     [](const View& target, Text& text) {
       sampleOf(target, static_cast<double>(target.session.rejections), text);
     }},
    {"postern_login_last_success_timestamp_seconds", "gauge", "When a login last succeeded.",
     [](const View& target, Text& text) { sampleOf(target, target.session.last_success, text); }},
    {"postern_login_next_attempt_timestamp_seconds", "gauge",
     "Earliest time of the next login; absent while no login waits, +Inf when only a changed "
     "credential ends the wait.",
     writeNextLogin},
    {"postern_token_expiry_timestamp_seconds", "gauge", "When the token in use expires.",
     [](const View& target, Text& text) { sampleOf(target, target.session.token_expiry, text); }},
    {"postern_credential_reloads_total", "counter",
     "Reads of the credential that returned a new one (success), or failed.",
     writeCredentialReloads},
    {"postern_credential_last_success_timestamp_seconds", "gauge",
     "When the credential was last read from its source.", writeCredentialLastSuccess},
    {"postern_credential_last_read_successful", "gauge",
     "Whether the last read of the credential from its source succeeded.", writeCredentialLastRead},
    {"postern_certificate_not_after_timestamp_seconds", "gauge",
     "When the first certificate of the target expires, by role.",
     [](const View& target, Text& text) {
       writeCertificates(target, &tls::Validity::not_after, text);
     }},
    {"postern_certificate_not_before_timestamp_seconds", "gauge",
     "When that certificate became valid.",
     [](const View& target, Text& text) {
       writeCertificates(target, &tls::Validity::not_before, text);
     }},
    {"postern_tls_reloads_total", "counter",
     "Reloads of changed material that succeeded, or failed.", writeTlsReloads},
    {"postern_tls_verification_disabled", "gauge",
     "1 when the service's certificate, or that of its token endpoint, is not verified.",
     writeVerificationDisabled},
};

}  // namespace

std::span<const Metric<TargetView>> targetMetrics() {
  return kTable;
}

}  // namespace postern::web
