#pragma once

#include <string>
#include <string_view>

// Keys that exist in Prometheus' configuration but not in postern.yml.
namespace postern::config {

// The block of Prometheus' configuration that corresponds to a map of postern.yml.
enum class PrometheusBlock {
  None,
  Root,
  ScrapeConfig,
  Page,
  Tls,
  BasicAuth,
  Authorization,
  Oauth2
};

// What to write instead of the unknown key, or why it has no equivalent. Empty if Prometheus has no
// such key in that block. Also knows the names of the Prometheus operator, in camel case.
std::string prometheusHint(PrometheusBlock block, std::string_view key);

}  // namespace postern::config
