#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/target.h"

namespace postern::config {

// Whether the sidecar may be a native sidecar (a restartable init container). Auto: if the API
// server and every node are new enough.
enum class NativeSidecar { Auto, Yes, No };

// The options of `postern inject`.
struct Inject {
  Path pod_file;                                // of --pod; "-": standard input; empty: the webhook
  std::string image;                            // of the sidecar
  std::vector<std::string> allowed_images;      // globs; `image` is allowed always
  Pairs defaults;                               // annotations without their prefix, in their order
  std::vector<std::string> locked_annotations;  // without their prefix; pods may not set them
  // Names, addresses and *.NAME; loopback is always allowed. Empty: every host is allowed.
  std::vector<std::string> allowed_target_hosts;
  NativeSidecar native_sidecar = NativeSidecar::Auto;
  Path tls_dir;         // with tls.crt and tls.key; empty: the injector makes its own pair
  std::string secret;   // Secret that keeps its own pair
  std::string webhook;  // webhook configuration whose caBundle is written
  std::string service;  // Service that its own pair is for
  milliseconds certificate_life = std::chrono::hours(24 * 90);  // of its own pair; 30 s to 10 years
  bool count_missed_pods = true;  // lists the pods of all namespaces once a minute
  std::string namespace_;         // the injector's own; empty: that of the service account
  std::optional<Url> api_server;  // not set: that of its own cluster
  Path token_file;                // likewise
  Path ca_file;                   // likewise
};

// A valid name of a Kubernetes object (RFC 1123).
bool isObjectName(std::string_view text);

}  // namespace postern::config
