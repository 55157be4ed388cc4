#include "config/prometheus_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace postern::config {
namespace {

using Block = PrometheusBlock;

constexpr std::string_view kOfPrometheus =
    "stays in Prometheus' own configuration, expected targets here";
constexpr std::string_view kOfItsScrapeJob =
    "stays in the scrape job of Prometheus: it is about series that Prometheus stores, remove it";
constexpr std::string_view kNoProxy =
    "is not supported: postern connects to the service without a proxy, remove it";
constexpr std::string_view kNoSecretManager =
    "is not supported: postern has no secret manager, expected a file (*_file)";
constexpr std::string_view kNoNativeHistograms =
    "is not supported: native histograms need protobuf, which postern does not read; remove it";
constexpr std::string_view kNoJwtGrant =
    "is not supported: expected the client credentials grant with client_secret or "
    "client_secret_file";

struct PrometheusKey {
  Block block;
  std::string_view name;
  std::string_view here;  // follows "Prometheus' <name> "
};

// github.com/prometheus/prometheus config/config.go and github.com/prometheus/common config.
constexpr auto kPrometheusKeys = std::to_array<PrometheusKey>({
    {Block::Root, "scrape_configs",
     "is targets here: one entry for each service, with name, url and pages"},
    {Block::Root, "global", kOfPrometheus},
    {Block::Root, "runtime", kOfPrometheus},
    {Block::Root, "rule_files", kOfPrometheus},
    {Block::Root, "alerting", kOfPrometheus},
    {Block::Root, "scrape_config_files", kOfPrometheus},
    {Block::Root, "remote_write", kOfPrometheus},
    {Block::Root, "remote_read", kOfPrometheus},
    {Block::Root, "storage", kOfPrometheus},
    {Block::Root, "tracing", kOfPrometheus},
    {Block::Root, "otlp", kOfPrometheus},

    {Block::ScrapeConfig, "job_name", "is name here: Prometheus scrapes /metrics/<name>"},
    {Block::ScrapeConfig, "metrics_path", "is pages: [{ path: /metrics }] here"},
    {Block::ScrapeConfig, "path", "is pages: [{ path: /metrics }] here"},
    {Block::ScrapeConfig, "scheme", "is part of url here: https://host:port, no other scheme"},
    {Block::ScrapeConfig, "port", "is part of url here: https://host:port"},
    {Block::ScrapeConfig, "static_configs",
     "is url: https://host:port here, one target for each service; its labels are labels"},
    {Block::ScrapeConfig, "targets", "is url: https://host:port here, one target for each service"},
    {Block::ScrapeConfig, "scrape_interval",
     "stays in the scrape job of Prometheus; here min_interval of a page makes it rarer"},
    {Block::ScrapeConfig, "interval",
     "stays in the scrape job of Prometheus; here min_interval of a page makes it rarer"},
    {Block::ScrapeConfig, "scrape_protocols",
     "is format of a page here: auto, text or openmetrics"},
    {Block::ScrapeConfig, "fallback_scrape_protocol",
     "is format of a page here: text or openmetrics, whatever its Content-Type says"},
    {Block::ScrapeConfig, "bearer_token", "is authorization: { credentials: .. } here"},
    {Block::ScrapeConfig, "bearer_token_file", "is authorization: { credentials_file: .. } here"},
    {Block::ScrapeConfig, "bearer_token_secret", "is authorization: { credentials_file: .. } here"},
    {Block::ScrapeConfig, "relabel_configs",
     "stays in the scrape job of Prometheus, whose targets it changes; here "
     "metric_relabel_configs changes samples"},
    {Block::ScrapeConfig, "relabelings",
     "stays in the scrape job of Prometheus, whose targets it changes; here "
     "metric_relabel_configs changes samples"},
    {Block::ScrapeConfig, "metric_relabelings", "is metric_relabel_configs here"},
    {Block::ScrapeConfig, "proxy_url", kNoProxy},
    {Block::ScrapeConfig, "no_proxy", kNoProxy},
    {Block::ScrapeConfig, "proxy_from_environment", kNoProxy},
    {Block::ScrapeConfig, "proxy_connect_header", kNoProxy},
    {Block::ScrapeConfig, "enable_http2",
     "is not supported: postern speaks HTTP/1.1 with the service, remove it"},
    {Block::ScrapeConfig, "enable_compression",
     "is not needed: postern always asks the service for gzip, remove it"},
    {Block::ScrapeConfig, "scrape_failure_log_file",
     "is not supported: failed scrapes are in the log and in /api/v1/status, remove it"},
    {Block::ScrapeConfig, "target_limit", kOfItsScrapeJob},
    {Block::ScrapeConfig, "keep_dropped_targets", kOfItsScrapeJob},
    {Block::ScrapeConfig, "track_timestamps_staleness", kOfItsScrapeJob},
    {Block::ScrapeConfig, "extra_scrape_metrics", kOfItsScrapeJob},
    {Block::ScrapeConfig, "metric_name_validation_scheme", kOfItsScrapeJob},
    {Block::ScrapeConfig, "metric_name_escaping_scheme", kOfItsScrapeJob},
    {Block::ScrapeConfig, "always_scrape_classic_histograms", kOfItsScrapeJob},
    {Block::ScrapeConfig, "scrape_classic_histograms", kOfItsScrapeJob},
    {Block::ScrapeConfig, "convert_classic_histograms_to_nhcb", kOfItsScrapeJob},
    {Block::ScrapeConfig, "scrape_native_histograms", kNoNativeHistograms},
    {Block::ScrapeConfig, "native_histogram_bucket_limit", kNoNativeHistograms},
    {Block::ScrapeConfig, "native_histogram_min_bucket_factor", kNoNativeHistograms},

    {Block::Page, "metrics_path", "is path here"},
    {Block::Page, "scrape_timeout", "is timeout here"},
    {Block::Page, "scrape_interval",
     "is min_interval here: the last valid page is served until then"},
    {Block::Page, "fallback_scrape_protocol", "is format here: text or openmetrics"},
    {Block::Page, "scrape_protocols", "is format here: auto, text or openmetrics"},

    {Block::Tls, "ca", "is ca_file here: a file with the certificates in PEM"},
    {Block::Tls, "cert", "is cert_file here: a file with the certificate in PEM"},
    {Block::Tls, "key", "is key_file here: a file with the key in PEM"},
    {Block::Tls, "ca_ref", kNoSecretManager},
    {Block::Tls, "cert_ref", kNoSecretManager},
    {Block::Tls, "key_ref", kNoSecretManager},
    {Block::Tls, "max_version",
     "is not supported: the highest version that both sides know is used, remove it"},

    {Block::BasicAuth, "username_ref", kNoSecretManager},
    {Block::BasicAuth, "password_ref", kNoSecretManager},
    {Block::Authorization, "credentials_ref", kNoSecretManager},

    {Block::Oauth2, "client_secret_ref", kNoSecretManager},
    {Block::Oauth2, "proxy_url", kNoProxy},
    {Block::Oauth2, "no_proxy", kNoProxy},
    {Block::Oauth2, "proxy_from_environment", kNoProxy},
    {Block::Oauth2, "proxy_connect_header", kNoProxy},
    {Block::Oauth2, "grant_type", kNoJwtGrant},
    {Block::Oauth2, "client_certificate_key", kNoJwtGrant},
    {Block::Oauth2, "client_certificate_key_file", kNoJwtGrant},
    {Block::Oauth2, "client_certificate_key_ref", kNoJwtGrant},
    {Block::Oauth2, "client_certificate_key_id", kNoJwtGrant},
    {Block::Oauth2, "signature_algorithm", kNoJwtGrant},
    {Block::Oauth2, "iss", kNoJwtGrant},
    {Block::Oauth2, "claims", kNoJwtGrant},
    {Block::Oauth2, "audience", "is endpoint_params: { audience: .. } here"},
});

// metricsPath becomes metrics_path.
std::string snakeCase(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (isUpperCase(c) && !text.empty()) text += '_';
    text += lowerCase(c);
  }
  return text;
}

}  // namespace

std::string prometheusHint(PrometheusBlock block, std::string_view key) {
  constexpr std::size_t kLongestName = 64;
  if (block == Block::None || key.size() > kLongestName) return {};
  const auto name = snakeCase(key);
  const auto says = [&](std::string_view here) {
    return fmt::format("unknown key, Prometheus' {} {}", name, here);
  };
  if (block == Block::ScrapeConfig && name.ends_with("_sd_configs")) {
    return says(
        "is not supported: expected the url of one service; Prometheus discovers postern "
        "instead");
  }
  const auto row = std::ranges::find_if(kPrometheusKeys, [&](const PrometheusKey& of) {
    return of.block == block && of.name == name;
  });
  return row == kPrometheusKeys.end() ? std::string() : says(row->here);
}

}  // namespace postern::config
