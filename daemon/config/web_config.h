#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "config/config.h"

// TLS and access control of the web listener: the file of --web.config.file, in the format of
// Prometheus' exporter-toolkit (its docs/web-configuration.md). Plain values with every default and
// unit.
namespace postern::config {

// Which clients must send a certificate, by the names of Go's crypto/tls.
enum class ClientAuth {
  None,              // NoClientCert
  Request,           // RequestClientCert: requested, never checked
  RequireAny,        // RequireAnyClientCert: any certificate is accepted, even a self-signed one
  VerifyIfGiven,     // VerifyClientCertIfGiven
  RequireAndVerify,  // RequireAndVerifyClientCert
};

constexpr bool verifies(ClientAuth auth) {
  return auth == ClientAuth::VerifyIfGiven || auth == ClientAuth::RequireAndVerify;
}

struct TlsServer {
  // The certificate with its chain, and its key, PEM: each either inline or by file.
  std::string cert;
  Path cert_file;
  Secret key;
  Path key_file;
  ClientAuth client_auth = ClientAuth::None;
  // The issuers of client certificates: inline, by file, or neither: the system's roots.
  std::string client_ca;
  Path client_ca_file;
  Path crl_file;  // of the client certificates' issuers, PEM; empty: revocation is not checked
  // One of them must be among the client's alternative names, byte for byte. Empty: any is
  // accepted.
  std::vector<std::string> client_allowed_sans;
  TlsVersion min_version = TlsVersion::Tls12;
  TlsVersion max_version = TlsVersion::Tls13;
  // OpenSSL's names, in order of preference; empty: postern's default. Suites of TLS 1.3 are never
  // in it: as in Go, they cannot be configured.
  std::vector<std::string> cipher_suites;
  bool prefer_server_cipher_suites = true;     // false: the client's order decides
  std::vector<std::string> curve_preferences;  // OpenSSL's names; empty: postern's default
  bool operator==(const TlsServer&) const = default;
};

// A token bucket: `burst` requests at once, then one each `interval`.
struct RateLimit {
  std::chrono::nanoseconds interval{0};  // 0: no limit
  std::size_t burst = 0;                 // 0: with an interval no request is accepted
  bool operator==(const RateLimit&) const = default;
};

struct WebConfig {
  std::optional<TlsServer> tls;  // not set: plain HTTP
  bool http2_wanted = false;     // the file has `http2: true`; postern speaks HTTP/1.1 anyway
  Pairs headers;                 // of every response
  // By name, the bcrypt hash: 60 characters, $2a$, $2b$ or $2y$, cost 4 to kMaxBcryptCost. Empty:
  // no password is required.
  std::map<std::string, Secret> basic_auth_users;
  RateLimit rate_limit;
  bool operator==(const WebConfig&) const = default;
};

// 2^14 rounds take about a second. A verified password is cached, but only one is computed at a
// time: with a higher cost, a client that sends wrong ones would block all others.
inline constexpr unsigned kMaxBcryptCost = 14;

struct LoadedWebConfig {
  WebConfig config;
  std::vector<ConfigError> errors;    // empty: config is complete and valid
  std::vector<std::string> warnings;  // valid, but probably a mistake
  std::vector<Path> files;            // each file that the configuration names; it may be missing
};

// Reads the file. Every mistake is reported, in the order of the file. An empty file is valid.
LoadedWebConfig loadWebConfig(const Path& file);
// The same for YAML text. `file` is its name in errors. Relative file names are resolved
// against `folder`.
LoadedWebConfig parseWebConfig(const std::string& text, const std::string& file,
                               const Path& folder);

}  // namespace postern::config
