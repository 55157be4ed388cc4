#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/target.h"

namespace postern::config {

// Whether the sidecar may be an init container that goes on. Auto: when the API server and every
// node are new enough.
enum class NativeSidecar { Auto, Yes, No };

// What `postern inject` is told.
struct Inject {
  Path pod_file;                                // of --pod; "-": standard input; empty: the webhook
  std::string image;                            // of the sidecar
  std::vector<std::string> allowed_images;      // globs; `image` is allowed always
  Pairs defaults;                               // annotations without their prefix, in their order
  std::vector<std::string> locked_annotations;  // without their prefix; pods may not set them
  // Names, addresses and *.NAME; loopback is always allowed. Empty: every host.
  std::vector<std::string> allowed_target_hosts;
  NativeSidecar native_sidecar = NativeSidecar::Auto;
  Path tls_dir;         // with tls.crt and tls.key; empty: the injector makes its own pair
  std::string secret;   // where its own pair is kept
  std::string webhook;  // whose caBundle is written
  std::string service;  // that its own pair is for
  milliseconds certificate_life = std::chrono::hours(24 * 90);  // of its own pair; 30 s to 10 years
  bool count_missed_pods = true;  // lists the pods of all namespaces once a minute
  std::string namespace_;         // its own; empty: that of the service account
  std::optional<Url> api_server;  // none: that of the cluster it runs in
  Path token_file;                // likewise
  Path ca_file;                   // likewise
};

// RFC 1123: what Kubernetes calls its objects.
bool isObjectName(std::string_view text);

}  // namespace postern::config
