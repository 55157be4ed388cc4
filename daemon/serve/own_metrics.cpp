#include "serve/own_metrics.h"

#include <functional>
#include <optional>

namespace postern::serve {
namespace {

// Certificates of one use.
struct SeenMaterial {
  std::string_view prefix;  // of its roles
  std::string_view use;     // role of its reloads
  tls::Store::Status status;
  std::shared_ptr<const tls::Material> in_use;  // null: none has been loaded
  std::optional<tls::Summary> server;           // that the other end showed last
};

SeenMaterial see(std::string_view prefix, std::string_view use, const tls::Store& store,
                 const upstream::Client* client) {
  auto material = store.current();
  return {prefix, use, store.status(), material ? *std::move(material) : nullptr,
          client == nullptr ? std::nullopt : client->serverCertificate()};
}

std::vector<SeenMaterial> seeMaterials(const scrape::Door& door) {
  std::vector<SeenMaterial> materials = {see("", "client", door.material, &door.client)};
  if (const auto* endpoint = door.token_endpoint.get()) {
    materials.push_back(
        see("token_endpoint_", "token_endpoint", endpoint->material, &endpoint->client));
  }
  if (door.database_material)
    materials.push_back(see("database_", "database", *door.database_material, nullptr));
  return materials;
}

// One target with what it said at one moment.
struct Seen {
  const config::Target& config;
  scrape::Counts counts;
  session::Session::Status session;
  std::vector<SeenMaterial> materials;
  std::optional<credentials::Store::Status> credential;
  std::size_t connections;
};

Seen see(const scrape::Target& target) {
  const auto& door = *target.door();
  return {target.config(),
          target.stats()->counts(),
          door.session.status(),
          seeMaterials(door),
          door.credentials ? std::optional(door.credentials->status()) : std::nullopt,
          door.client.connections()};
}

class Writer {
 public:
  explicit Writer(const Targets& targets) {
    for (const auto& target : targets.all) seen_.push_back(see(*target));
  }

  // A family with what `write` makes of each target.
  template <typename Write>
  void each(std::string_view name, std::string_view type, std::string_view help, Write write) {
    text.family(name, type, help);
    for (const Seen& seen : seen_) write(seen, std::string_view(seen.config.name));
  }
  template <typename Value>
  void gauge(std::string_view name, std::string_view help, Value value) {
    single(name, "gauge", help, value);
  }
  template <typename Value>
  void counter(std::string_view name, std::string_view help, Value value) {
    single(name, "counter", help, value);
  }

  MetricsText text;

 private:
  // `value` gives a number, or an optional one: none, no sample.
  template <typename Value>
  void single(std::string_view name, std::string_view type, std::string_view help, Value value) {
    each(name, type, help, [&](const Seen& seen, std::string_view target) {
      const std::optional<double> number = value(seen);
      if (number) text.sample({{"target", target}}, *number);
    });
  }

  std::vector<Seen> seen_;
};

std::optional<double> unix(const std::optional<SystemTime>& time) {
  if (!time) return std::nullopt;
  return unixSeconds(*time);
}

double asDouble(std::uint64_t count) {
  return static_cast<double>(count);
}

// What became of the samples of good pages.
void writeSamples(Writer& out) {
  out.each("postern_samples_dropped_total", "counter",
           "Samples of good pages that were left out, by what left them out.",
           [&](const Seen& seen, std::string_view target) {
             const auto& all = seen.counts.all;
             const std::pair<std::string_view, std::size_t> reasons[] = {
                 {"match", all.unmatched},
                 {"relabel", all.relabelled},
                 {"family_series_limit", all.excess},
                 {"nan", all.nan}};
             for (const auto& [reason, count] : reasons)
               out.text.sample({{"target", target}, {"reason", reason}}, asDouble(count));
           });
  out.counter("postern_duplicate_samples_total",
              "Samples of good pages whose series the service had sent on the page already.",
              [](const Seen& seen) { return asDouble(seen.counts.all.duplicates); });
  out.counter("postern_relabel_duplicate_samples_total",
              "Samples of good pages whose series rules made equal to another one of the page.",
              [](const Seen& seen) { return asDouble(seen.counts.all.relabel_duplicates); });
  out.counter("postern_checks_skipped_total",
              "Good pages that were too large to look for all series that stand twice.",
              [](const Seen& seen) { return asDouble(seen.counts.checks_skipped); });
  out.counter("postern_type_clashes_total",
              "Families to which two pages of a target gave different types.",
              [](const Seen& seen) { return asDouble(seen.counts.type_clashes); });
}

void writeScrapes(Writer& out, bool with_pages) {
  out.gauge("postern_up", "Whether the last scrape of the target succeeded.",
            [](const Seen& seen) -> std::optional<double> {
              if (!seen.counts.scraped) return std::nullopt;
              return seen.counts.fault ? 0 : 1;
            });
  if (with_pages) {
    out.each("postern_page_up", "gauge",
             "Whether the page was fetched by the last scrape of the target.",
             [&](const Seen& seen, std::string_view target) {
               for (std::size_t page = 0;
                    page < seen.counts.pages.size() && page < seen.config.pages.size(); ++page) {
                 out.text.sample({{"target", target}, {"page", seen.config.pages[page].name()}},
                                 seen.counts.pages[page] ? 0.0 : 1.0);
               }
             });
  }
  out.each("postern_target_fault", "gauge",
           "1 for the fault that the target's last scrape ended with.",
           [&](const Seen& seen, std::string_view target) {
             for (const auto& info : kFaults) {
               if (!isOfTarget(info.fault)) continue;
               const bool now = seen.counts.fault && seen.counts.fault->fault == info.fault;
               out.text.sample({{"target", target}, {"fault", info.name}}, now ? 1.0 : 0.0);
             }
           });
  out.counter("postern_scrapes_total", "Scrapes of the target that were answered.",
              [](const Seen& seen) { return asDouble(seen.counts.scrapes); });
  out.each("postern_scrape_failures_total", "counter",
           "Scrapes of the target that failed, by fault.",
           [&](const Seen& seen, std::string_view target) {
             for (const auto& info : kFaults) {
               if (!isOfTarget(info.fault)) continue;
               out.text.sample({{"target", target}, {"reason", info.name}},
                               seen.counts.failures[static_cast<std::size_t>(info.fault)]);
             }
           });
  out.each("postern_scrape_duration_seconds", "histogram",
           "Time from a scrape's request to the end of its answer.",
           [&](const Seen& seen, std::string_view target) {
             out.text.histogram({{"target", target}}, seen.counts.durations);
           });
  out.gauge("postern_page_bytes", "Size of the target's last good page before compression.",
            [](const Seen& seen) { return asDouble(seen.counts.page_bytes); });
  out.gauge("postern_samples", "Samples in the target's last good page.",
            [](const Seen& seen) { return asDouble(seen.counts.samples); });
  writeSamples(out);
  out.counter("postern_shared_responses_total",
              "Scrapes that were answered with the page of another one.",
              [](const Seen& seen) { return asDouble(seen.counts.shared); });
  out.gauge("postern_upstream_connections", "Open connections to the guarded service.",
            [](const Seen& seen) { return asDouble(seen.connections); });
}

void writeLogins(Writer& out) {
  out.each("postern_login_attempts_total", "counter",
           "Logins, and requests that carried a credential for the first time, by result.",
           [&](const Seen& seen, std::string_view target) {
             const auto& session = seen.session;
             const std::pair<std::string_view, std::uint64_t> results[] = {
                 {"success", session.successes},
                 {"rejected", session.rejected},
                 {"throttled", session.throttled},
                 {"failed", session.failed},
                 {"unreachable", session.unreachable}};
             for (const auto& [result, count] : results)
               out.text.sample({{"target", target}, {"result", result}}, count);
           });
  out.gauge("postern_login_rejections", "Rejections in a row.", [](const Seen& seen) {
    return asDouble(static_cast<std::uint64_t>(seen.session.rejections));
  });
  out.gauge("postern_login_last_success_timestamp_seconds", "When a login last succeeded.",
            [](const Seen& seen) { return unix(seen.session.last_success); });
  out.gauge(
      "postern_login_next_attempt_timestamp_seconds",
      "Before when no login is sent; absent when none is held back, +Inf when only a changed "
      "credential ends the wait.",
      [](const Seen& seen) -> std::optional<double> {
        if (!seen.session.waiting) return std::nullopt;
        return unix(seen.session.next_attempt).value_or(std::numeric_limits<double>::infinity());
      });
  out.gauge("postern_token_expiry_timestamp_seconds", "When the token in use expires.",
            [](const Seen& seen) { return unix(seen.session.token_expiry); });
  out.each("postern_credential_reloads_total", "counter",
           "Reads of the credential that brought a new one (success), or failed.",
           [&](const Seen& seen, std::string_view target) {
             if (!seen.credential) return;
             out.text.sample(
                 {{"target", target}, {"source", seen.credential->source}, {"result", "success"}},
                 seen.credential->changes);
             out.text.sample(
                 {{"target", target}, {"source", seen.credential->source}, {"result", "failure"}},
                 seen.credential->failed_loads);
           });
  out.each("postern_credential_last_success_timestamp_seconds", "gauge",
           "When the credential was last read from its source.",
           [&](const Seen& seen, std::string_view target) {
             if (!seen.credential || !seen.credential->last_success) return;
             out.text.sample({{"target", target}, {"source", seen.credential->source}},
                             unixSeconds(*seen.credential->last_success));
           });
  out.each("postern_credential_last_read_successful", "gauge",
           "Whether the last read of the credential from its source succeeded.",
           [&](const Seen& seen, std::string_view target) {
             const bool failed = seen.credential && !seen.credential->error.empty();
             if (!seen.credential || (!failed && !seen.credential->last_success)) return;
             out.text.sample({{"target", target}, {"source", seen.credential->source}},
                             failed ? 0.0 : 1.0);
           });
}

void writeCertificates(Writer& out) {
  const auto write = [&](std::string_view name, std::string_view help,
                         SystemTime tls::Validity::*bound) {
    out.each(name, "gauge", help, [&](const Seen& seen, std::string_view target) {
      for (const auto& material : seen.materials) {
        const auto one = [&](std::string_view role, const std::optional<tls::Validity>& validity) {
          const std::string whole = std::string(material.prefix) + std::string(role);
          if (validity)
            out.text.sample({{"target", target}, {"role", whole}}, unixSeconds((*validity).*bound));
        };
        if (material.in_use) {
          one("client", material.in_use->clientValidity());
          one("ca", material.in_use->caValidity());
        }
        if (material.server) one("upstream", material.server->validity);
      }
    });
  };
  write("postern_certificate_not_after_timestamp_seconds",
        "When the certificate that expires first in this role does so.", &tls::Validity::not_after);
  write("postern_certificate_not_before_timestamp_seconds", "Since when that certificate is valid.",
        &tls::Validity::not_before);
  out.each("postern_tls_reloads_total", "counter",
           "Changes of the mounted material that were taken up (success), or not.",
           [&](const Seen& seen, std::string_view target) {
             for (const auto& material : seen.materials) {
               out.text.sample({{"target", target}, {"role", material.use}, {"result", "success"}},
                               material.status.reloads);
               out.text.sample({{"target", target}, {"role", material.use}, {"result", "failure"}},
                               material.status.failed_reloads);
             }
           });
  out.gauge("postern_tls_verification_disabled",
            "1 when the service's certificate, or that of its token endpoint, is not verified.",
            [](const Seen& seen) {
              const auto& oauth2 = seen.config.oauth2;
              const bool disabled = seen.config.tls.insecure_skip_verify ||
                                    (oauth2 && oauth2->tls.insecure_skip_verify);
              return disabled ? 1.0 : 0.0;
            });
}

void writeSelf(MetricsText& text, const Self& self) {
  writeBuild(text, self.version, self.revision);
  text.family("postern_config_last_reload_successful", "gauge",
              "Whether the last load of the configuration succeeded.");
  text.sample({}, self.reload_successful ? 1.0 : 0.0);
  text.family("postern_config_last_reload_success_timestamp_seconds", "gauge",
              "When the configuration was last loaded successfully.");
  text.sample({}, unixSeconds(self.reloaded));
  text.family("postern_http_requests_total", "counter", "Requests to postern itself.");
  for (std::size_t i = 0; i < kHandlerNames.size(); ++i) {
    for (const auto& [code, count] : self.requests[i].by_code) {
      text.sample({{"handler", kHandlerNames[i]}, {"code", std::to_string(code)}}, count);
    }
  }
  text.family("postern_http_request_duration_seconds", "histogram",
              "Time that requests to postern itself took.");
  for (std::size_t i = 0; i < kHandlerNames.size(); ++i) {
    text.histogram({{"handler", kHandlerNames[i]}}, self.requests[i].durations);
  }
  writeFront(text, self.front);
  text.family("postern_sandbox_info", "gauge", "What of the sandbox is in force.");
  text.sample({{"mode", self.sandbox.mode},
               {"seccomp", self.sandbox.seccomp},
               {"landlock", self.sandbox.landlock}},
              1.0);
  text.family("postern_sandbox_refused_calls_total", "counter",
              "System calls of postern that its sandbox refused.");
  text.sample({}, self.sandbox.refused_calls);
}

// Nothing without --web.config.file.
void writeLock(MetricsText& text, const WebLock::Status& lock) {
  if (!lock.configured) return;
  text.family("postern_web_config_last_reload_successful", "gauge",
              "Whether the last load of the web configuration and its files succeeded.");
  text.sample({}, lock.reload_successful ? 1.0 : 0.0);
  text.family("postern_web_config_last_reload_success_timestamp_seconds", "gauge",
              "When the web configuration was last loaded successfully.");
  text.sample({}, unixSeconds(lock.reloaded));
  text.family("postern_web_refusals_total", "counter",
              "Requests that the web configuration did not let in, by reason.");
  for (std::size_t i = 0; i < lock.refused.size(); ++i) {
    text.sample({{"reason", WebLock::kReasonNames[i]}}, lock.refused[i]);
  }
  const auto write = [&](std::string_view name, std::string_view help,
                         SystemTime tls::Validity::*bound) {
    text.family(name, "gauge", help);
    if (lock.server) text.sample({{"role", "server"}}, unixSeconds((*lock.server).*bound));
    if (lock.client_ca) text.sample({{"role", "client_ca"}}, unixSeconds((*lock.client_ca).*bound));
  };
  write("postern_web_certificate_not_after_timestamp_seconds",
        "When the certificate of the web configuration that expires first in this role does.",
        &tls::Validity::not_after);
  write("postern_web_certificate_not_before_timestamp_seconds",
        "Since when that certificate is valid.", &tls::Validity::not_before);
}

}  // namespace

void writeBuild(MetricsText& text, std::string_view version, std::string_view revision) {
  text.family("postern_build_info", "gauge", "The version that runs.");
  text.sample({{"version", version}, {"revision", revision}}, 1.0);
}

void writeFront(MetricsText& text, const http::Server::Counts& front) {
  text.family("postern_http_connections", "gauge", "Open connections to postern itself.");
  text.sample({}, asDouble(front.connections));
  text.family("postern_http_connections_total", "counter", "Connections to postern itself.");
  text.sample({}, asDouble(front.accepted));
  text.family("postern_http_busy_total", "counter",
              "Connections and requests that were told busy: there was no room, or no thread.");
  text.sample({}, asDouble(front.busy));
  text.family("postern_http_failed_handshakes_total", "counter",
              "TLS handshakes with postern itself that failed.");
  text.sample({}, asDouble(front.failed_handshakes));
}

void writeProcess(MetricsText& text, const Process& process) {
  text.family("process_cpu_seconds_total", "counter", "CPU time, user and system.");
  text.sample({}, process.cpu_seconds);
  text.family("process_resident_memory_bytes", "gauge", "Resident memory.");
  text.sample({}, asDouble(process.resident_bytes));
  text.family("process_open_fds", "gauge", "Open file descriptors.");
  text.sample({}, asDouble(process.open_fds));
  text.family("process_start_time_seconds", "gauge",
              "When the process started, since the Unix epoch.");
  text.sample({}, process.start_time_seconds);
}

std::string ownMetrics(const Targets& targets, const Self& self) {
  Writer out(targets);
  writeSelf(out.text, self);
  writeLock(out.text, self.lock);
  writeScrapes(out, /*with_pages=*/true);
  writeLogins(out);
  writeCertificates(out);
  writeProcess(out.text, readProcess());
  return out.text.take();
}

std::string ownMetricsForPage(const Targets& targets, const Self& self) {
  Writer out(targets);
  writeSelf(out.text, self);
  writeScrapes(out, /*with_pages=*/false);
  writeLogins(out);
  writeCertificates(out);
  return out.text.take();
}

}  // namespace postern::serve
