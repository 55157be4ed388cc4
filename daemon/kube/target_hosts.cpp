#include "kube/target_hosts.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/printable.h"
#include "base/text.h"
#include "config/syntax.h"

namespace postern::kube {
namespace {

constexpr std::array<std::string_view, 3> kLoopback = {"localhost", "127.0.0.1", "::1"};

// A host in the canonical form for comparisons.
std::string canonicalHost(std::string_view host) {
  std::string text = lowered(host);
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> written{};
  // inet_pton() stops at a null byte.
  if (text.find('\0') == std::string::npos && ::inet_pton(AF_INET6, text.c_str(), &address) == 1) {
    return ::inet_ntop(AF_INET6, &address, written.data(), written.size());
  }
  if (text.ends_with('.')) text.pop_back();
  return text;
}

bool isDefaultHost(const InjectionRules& rules, std::string_view host) {
  return std::ranges::any_of(rules.defaults, [&](const auto& each) {
    std::string wrong;
    if (each.first != "target-url") return false;
    const auto url = config::parseUrl(each.second, wrong);
    return url && matchesHost(url->host, host);
  });
}

}  // namespace

bool matchesHost(std::string_view pattern, std::string_view host) {
  const auto wanted = canonicalHost(host);
  if (!pattern.starts_with("*.")) return canonicalHost(pattern) == wanted;
  const auto suffix = canonicalHost(pattern.substr(1));
  return wanted.size() > suffix.size() && wanted.ends_with(suffix);
}

std::string targetHostMistake(const InjectionRules& rules, std::string_view host) {
  const auto& allowed = rules.allowed_target_hosts;
  const auto matches = [&](std::string_view pattern) { return matchesHost(pattern, host); };
  if (allowed.empty() || std::ranges::any_of(allowed, matches) ||
      std::ranges::any_of(kLoopback, matches) || isDefaultHost(rules, host)) {
    return "";
  }
  std::string expected = "localhost";
  for (const auto& pattern : allowed) expected += " or " + pattern;
  return fmt::format("the host {} is not allowed by --inject.allowed-target-hosts, expected {}",
                     printable(host, 128), expected);
}

std::string targetHostMistake(const InjectionRules& rules, const config::Target& target) {
  const auto checkHost = [&](std::string_view key, std::string_view host) {
    const auto wrong = targetHostMistake(rules, host);
    return wrong.empty() ? "" : fmt::format("target {}: {}: {}", target.name, key, wrong);
  };
  auto wrong = checkHost("url", target.url.host);
  if (wrong.empty() && target.oauth2)
    wrong = checkHost("oauth2.token_url", target.oauth2->host.host);
  if (!wrong.empty() || !target.credentials || !target.credentials->mysql) return wrong;
  // Empty for a folder: the author of the Secret that is mounted there has chosen the host.
  const auto& database = target.credentials->mysql->host;
  return database.empty() ? "" : checkHost("credentials.mysql.host", database);
}

}  // namespace postern::kube
