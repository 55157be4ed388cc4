#include "config/prometheus_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/config.h"
#include "presets/registry.h"
#include "unit/config/examples.h"

namespace postern::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// In "targets: [ { .. KEY: VALUE } ]", or nested in the map `around`.
std::string errorsOfKey(const std::string& key, const std::string& value,
                        const std::string& around = "%") {
  auto inner = around;
  inner.replace(inner.find('%'), 1, key + ": " + value);
  return errorsOf(parseYaml(presets::products(), "targets: [ { url: https://a, " + inner + " } ]\n",
                            "postern.yml", "/etc"));
}

TEST(PrometheusNamesTest, SaysWhatStandsHereForEachKeyOfAScrapeJob) {
  struct Name {
    std::string key, value, says;
  };
  const std::vector<Name> names = {
      {"job_name", "billing", "is name here"},
      {"metrics_path", "/v1/stats/app", "is pages: [{ path: /metrics }] here"},
      {"scheme", "https", "is part of url here"},
      {"static_configs", "[ { targets: [a] } ]", "is url: https://host:port here"},
      {"scrape_interval", "15s", "stays in the scrape job of Prometheus"},
      {"scrape_protocols", "[OpenMetricsText1.0.0]", "is format of a page here"},
      {"fallback_scrape_protocol", "PrometheusText0.0.4", "is format of a page here"},
      {"bearer_token", "hunter2", "is authorization: { credentials: .. } here"},
      {"bearer_token_file", "/hunter2", "is authorization: { credentials_file: .. } here"},
      {"relabel_configs", "[]", "stays in the scrape job of Prometheus"},
      {"proxy_url", "\"http://hunter2@p\"", "is not supported: postern connects"},
      {"no_proxy", "localhost", "is not supported"},
      {"proxy_from_environment", "true", "is not supported"},
      {"proxy_connect_header", "{ a: [hunter2] }", "is not supported"},
      {"enable_http2", "true", "is not supported: postern speaks HTTP/1.1"},
      {"enable_compression", "true", "is not needed"},
      {"scrape_failure_log_file", "f", "is not supported: failed scrapes are in the log"},
      {"target_limit", "1", "stays in the scrape job"},
      {"keep_dropped_targets", "1", "stays in the scrape job"},
      {"track_timestamps_staleness", "true", "stays in the scrape job"},
      {"extra_scrape_metrics", "true", "stays in the scrape job"},
      {"metric_name_validation_scheme", "utf8", "stays in the scrape job"},
      {"metric_name_escaping_scheme", "dots", "stays in the scrape job"},
      {"always_scrape_classic_histograms", "true", "stays in the scrape job"},
      {"scrape_classic_histograms", "true", "stays in the scrape job"},
      {"convert_classic_histograms_to_nhcb", "true", "stays in the scrape job"},
      {"scrape_native_histograms", "true", "is not supported: native histograms need protobuf"},
      {"native_histogram_bucket_limit", "1", "is not supported: native histograms need protobuf"},
      {"native_histogram_min_bucket_factor", "1",
       "is not supported: native histograms need protobuf"},
      {"kubernetes_sd_configs", "[]", "is not supported: expected the url of one service"},
      {"file_sd_configs", "[]", "is not supported: expected the url of one service"},
      {"dns_sd_configs", "[]", "is not supported: expected the url of one service"},
      {"http_sd_configs", "[]", "is not supported: expected the url of one service"},
      {"some_other_sd_configs", "[]", "is not supported: expected the url of one service"},
  };
  for (const auto& [key, value, says] : names) {
    SCOPED_TRACE(key);
    const auto errors = errorsOfKey(key, value);
    EXPECT_THAT(errors,
                HasSubstr("targets[0]." + key + ": unknown key, Prometheus' " + key + ' ' + says));
    EXPECT_THAT(errors, Not(HasSubstr("hunter2")));
  }
}

TEST(PrometheusNamesTest, TakesTheKeysThatMeanTheSameHere) {
  for (const std::string keys :
       {"scrape_timeout: 5s", "honor_labels: true", "honor_timestamps: false", "params: { a: [b] }",
        "follow_redirects: false", "body_size_limit: 1MB", "sample_limit: 1", "label_limit: 1",
        "label_name_length_limit: 1", "label_value_length_limit: 1",
        "metric_relabel_configs: [{ action: labeldrop, regex: a }]",
        "basic_auth: { username: a, password_file: b }", "authorization: { credentials_file: a }",
        "authorization: { type: Bearer, credentials: a }",
        "oauth2: { client_id: a, client_secret: b, token_url: 'https://c/d', scopes: [e], "
        "endpoint_params: { f: g }, tls_config: { ca_file: h } }",
        "http_headers: { X-A: { values: [b] } }",
        "tls_config: { ca_file: a, cert_file: b, key_file: c, server_name: d, min_version: TLS13, "
        "insecure_skip_verify: true }"}) {
    EXPECT_THAT(
        errorsOf(parseYaml(presets::products(), "targets: [ { url: https://a, " + keys + " } ]\n",
                           "postern.yml", "/etc")),
        IsEmpty())
        << keys;
  }
}

TEST(PrometheusNamesTest, KnowsTheKeysOfTheBlocksInIt) {
  const auto says = [](const std::string& around, const std::string& key, const std::string& text) {
    SCOPED_TRACE(key);
    const auto errors = errorsOfKey(key, "hunter2", around);
    EXPECT_THAT(errors, HasSubstr('.' + key + ": unknown key, Prometheus' " + key + ' ' + text));
    EXPECT_THAT(errors, Not(HasSubstr("hunter2")));
  };
  for (const std::string tls : {"tls_config: { % }",
                                "oauth2: { client_id: a, client_secret: b, "
                                "token_url: 'https://c', tls_config: { % } }"}) {
    says(tls, "ca", "is ca_file here");
    says(tls, "cert", "is cert_file here");
    says(tls, "key", "is key_file here");
    says(tls, "ca_ref", "is not supported: postern has no secret manager");
    says(tls, "cert_ref", "is not supported: postern has no secret manager");
    says(tls, "key_ref", "is not supported: postern has no secret manager");
    says(tls, "max_version", "is not supported: the highest version");
  }
  says("basic_auth: { username: a, password: b, % }", "username_ref", "is not supported");
  says("basic_auth: { username: a, password: b, % }", "password_ref", "is not supported");
  says("authorization: { credentials: a, % }", "credentials_ref", "is not supported");
  const std::string oauth2 =
      "oauth2: { client_id: a, client_secret: b, token_url: 'https://c', % }";
  for (const std::string key :
       {"client_secret_ref", "proxy_url", "no_proxy", "proxy_from_environment",
        "proxy_connect_header", "grant_type", "client_certificate_key",
        "client_certificate_key_file", "client_certificate_key_ref", "client_certificate_key_id",
        "signature_algorithm", "iss", "claims"}) {
    says(oauth2, key, "is not supported");
  }
  says(oauth2, "audience", "is endpoint_params: { audience: .. } here");
  says("pages: [ { path: /a, % } ]", "metrics_path", "is path here");
  says("pages: [ { path: /a, % } ]", "scrape_timeout", "is timeout here");
  says("pages: [ { path: /a, % } ]", "scrape_interval", "is min_interval here");
}

TEST(PrometheusNamesTest, KnowsTheSectionsOfAWholeConfiguration) {
  for (const std::string key :
       {"global", "runtime", "rule_files", "alerting", "scrape_config_files", "remote_write",
        "remote_read", "storage", "tracing", "otlp", "scrape_configs"}) {
    EXPECT_THAT(errorsOf(parseYaml(presets::products(),
                                   key + ": hunter2\ntargets: [ { url: https://a } ]\n",
                                   "postern.yml", "/etc")),
                StartsWith("postern.yml:1:1: " + key + ": unknown key, Prometheus' " + key + ' '));
  }
}

TEST(PrometheusNamesTest, KnowsTheOperatorsSpelling) {
  EXPECT_THAT(errorsOfKey("bearerTokenFile", "a"),
              HasSubstr("Prometheus' bearer_token_file is authorization"));
  EXPECT_THAT(errorsOfKey("metricRelabelings", "[]"), HasSubstr("is metric_relabel_configs here"));
  EXPECT_THAT(errorsOfKey("scrapeTimeout", "1s"), HasSubstr("did you mean scrape_timeout?"));
  EXPECT_THAT(errorsOfKey("tlsConfig", "{}"), HasSubstr("did you mean tls_config?"));
}

TEST(PrometheusNamesTest, LeavesOtherKeysToTheNearestName) {
  EXPECT_EQ(prometheusHint(PrometheusBlock::None, "scheme"), "");
  EXPECT_EQ(prometheusHint(PrometheusBlock::Tls, "scheme"), "");
  EXPECT_EQ(prometheusHint(PrometheusBlock::ScrapeConfig, std::string(1000, 'A')), "");
  EXPECT_THAT(errorsOfKey("hold_bak", "1MiB"), HasSubstr("did you mean hold_back?"));
}

}  // namespace
}  // namespace postern::config
