#pragma once

#include <string>
#include <string_view>

#include "config/target.h"
#include "kube/injection_rules.h"

namespace postern::kube {

// Whether `host` (of a URL, without brackets) matches an entry of --inject.allowed-target-hosts: a
// name, an address, or "*.example.com" for every name below example.com. Letter case and one dot at
// the end do not count. IPv6 addresses are compared by value.
bool matchesHost(std::string_view pattern, std::string_view host);

// Why `rules` do not allow a credential to be sent to `host`, or an empty text. Loopback and the
// host of the default target-url are always allowed.
std::string targetHostMistake(const InjectionRules& rules, std::string_view host);

// The same for each host to which a target of a configuration sends a credential: those of its URL,
// its token endpoint and its database.
std::string targetHostMistake(const InjectionRules& rules, const config::Target& target);

}  // namespace postern::kube
