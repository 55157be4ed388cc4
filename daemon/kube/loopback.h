#pragma once

#include <string_view>

#include "kube/json.h"

namespace postern::kube {

// Whether `host` (of a URL, without brackets) is the pod itself, in every spelling that the
// resolver accepts: names of loopback that the kubelet writes into /etc/hosts, 127.0.0.0/8,
// "127.1", "2130706433", ::1, ::ffff:127.0.0.1, 0.0.0.0, ::, and names that hostAliases of the pod
// map to loopback. For comparing ports: --inject.allowed-target-hosts is stricter.
bool isLoopback(const Json& pod, std::string_view host);

}  // namespace postern::kube
