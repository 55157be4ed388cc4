#pragma once

#include <string>
#include <string_view>

// Keys that a Prometheus configuration has and a postern.yml has not.
namespace postern::config {

// The block of Prometheus' configuration that a map here corresponds to.
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

// What stands for the unknown key here, or why nothing does; empty when Prometheus has no such key
// in that block. Names of the Prometheus operator, in camel case, count as well.
std::string prometheusHint(PrometheusBlock block, std::string_view key);

}  // namespace postern::config
