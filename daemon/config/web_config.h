#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "config/config.h"

// The lock on our own door: the file of --web.config.file, whose form is that of Prometheus'
// exporter-toolkit (docs/web-configuration.md there). Plain values with every default and unit.
namespace postern::config {

// Who has to show a certificate; Go's crypto/tls has the names.
enum class ClientAuth {
  None,              // NoClientCert
  Request,           // RequestClientCert: asked for, looked at by nobody
  RequireAny,        // RequireAnyClientCert: anybody's will do, a self-made one too
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
  // Who may have issued a client's certificate: inline, by file, or neither: the system's roots.
  std::string client_ca;
  Path client_ca_file;
  Path crl_file;  // of those who issued them, PEM; empty: revocation is not checked
  // One of them is among the client's alternative names, byte for byte; empty: any will do.
  std::vector<std::string> client_allowed_sans;
  TlsVersion min_version = TlsVersion::Tls12;
  TlsVersion max_version = TlsVersion::Tls13;
  // OpenSSL's names, the most wanted first; empty: our own choice. Those of TLS 1.3 are never among
  // them: as in Go, they cannot be chosen.
  std::vector<std::string> cipher_suites;
  bool prefer_server_cipher_suites = true;     // false: the client's order decides
  std::vector<std::string> curve_preferences;  // OpenSSL's names; empty: our own choice
  bool operator==(const TlsServer&) const = default;
};

// A token bucket: `burst` requests at once, then one each `interval`.
struct RateLimit {
  std::chrono::nanoseconds interval{0};  // 0: no limit
  std::size_t burst = 0;                 // 0: with an interval nobody is let in
  bool operator==(const RateLimit&) const = default;
};

struct WebConfig {
  std::optional<TlsServer> tls;  // none: plain HTTP
  bool http2_wanted = false;     // `http2: true` is written there; HTTP/1.1 is spoken all the same
  Pairs headers;                 // of every answer
  // By name, the bcrypt hash: 60 characters, $2a$, $2b$ or $2y$, cost 4 to kMaxBcryptCost. Empty:
  // everybody is let in.
  std::map<std::string, Secret> basic_auth_users;
  RateLimit rate_limit;
  bool operator==(const WebConfig&) const = default;
};

// 2^14 rounds take about a second. A password is computed once and then remembered, but one at a
// time: with more, whoever sends wrong ones would keep everybody else waiting.
inline constexpr unsigned kMaxBcryptCost = 14;

struct WebConfigLoaded {
  WebConfig config;
  std::vector<Complaint> complaints;  // empty: config is complete and valid
  std::vector<std::string> warnings;  // what is valid, and can hardly be meant
  std::vector<Path> files;            // each that the file names, there or not
};

// Reads the file. Every mistake is reported, in the order of the file. An empty file is valid.
WebConfigLoaded loadWebConfig(const Path& file);
// The same for YAML text; `file` names it in complaints, `folder` is what relative file names count
// from.
WebConfigLoaded parseWebConfig(const std::string& text, const std::string& file,
                               const Path& folder);

}  // namespace postern::config
