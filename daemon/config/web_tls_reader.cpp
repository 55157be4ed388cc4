#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/printable.h"
#include "config/web_readers.h"

namespace postern::config {
namespace {

struct Suite {
  std::string_view go;
  std::string_view openssl;  // empty for suites of TLS 1.3, which are always on
};

// Go's tls.CipherSuites().
constexpr std::array<Suite, 13> kSuites = {{
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
}};

struct Curve {
  std::string_view go;
  std::string_view openssl;
};
constexpr std::array<Curve, 4> kCurves = {
    {{"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}}};
// Newer names of Go.
constexpr std::array<std::string_view, 3> kHybrids = {"X25519MLKEM768", "SecP256r1MLKEM768",
                                                      "SecP384r1MLKEM1024"};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool given(YamlMap& map, std::string_view key) {
  return findGiven(map, key).has_value();
}

// Text of several lines, such as PEM.
std::string_view block(const YamlValue& value) {
  if (value.node().kind == YamlNode::NodeKind::Scalar) return value.node().text;
  static_cast<void>(value.text());  // adds an error
  return {};
}

// A value that is set inline or by file.
struct Either {
  std::string_view name;
  std::string_view file;
};
constexpr Either kCert = {"cert", "cert_file"};
constexpr Either kKey = {"key", "key_file"};
constexpr Either kClientCa = {"client_ca", "client_ca_file"};

template <typename Text>
void readEither(YamlMap& map, const Either& keys, Text& text, Path& path) {
  if (const auto value = findGiven(map, keys.name)) {
    text = Text(block(*value));
    if (given(map, keys.file)) {
      map.find(keys.file)->addError(
          fmt::format("excludes {}, expected only one of them", keys.name));
    }
  }
  if (given(map, keys.file)) map.path(keys.file, path);
}

void need(YamlMap& map, const Either& keys) {
  if (given(map, keys.name) || given(map, keys.file)) return;
  const auto& value = map.value();
  value.child(value.node(), std::string(keys.file))
      .addError(fmt::format("is missing, expected {} or {}", keys.file, keys.name));
}

void readClientAuth(YamlMap& map, ClientAuth& auth) {
  if (!given(map, "client_auth_type")) return;
  map.choice<ClientAuth>("client_auth_type", auth,
                         {{"NoClientCert", ClientAuth::None},
                          {"RequestClientCert", ClientAuth::Request},
                          {"RequireAnyClientCert", ClientAuth::RequireAny},
                          {"RequireClientCert", ClientAuth::RequireAny},
                          {"VerifyClientCertIfGiven", ClientAuth::VerifyIfGiven},
                          {"RequireAndVerifyClientCert", ClientAuth::RequireAndVerify}});
}

// Keys about client certificates have no effect if client_auth_type verifies none.
void refuseIdleChecks(YamlMap& map, const TlsServer& tls) {
  for (const auto key : {kClientCa.name, kClientCa.file}) {
    if (tls.client_auth == ClientAuth::None && given(map, key)) {
      map.find(key)->addError(
          "is set without a client_auth_type that requests certificates, expected "
          "RequireAndVerifyClientCert");
    }
  }
  if (!tls.client_allowed_sans.empty() && !verifies(tls.client_auth)) {
    map.find("client_allowed_sans")
        ->addError(
            "has no effect with a client_auth_type that verifies no certificate, expected "
            "RequireAndVerifyClientCert");
  }
}

// An addition of postern: exporter-toolkit checks no revocation.
void readCrl(YamlMap& map, TlsServer& tls) {
  if (!given(map, "crl_file")) return;
  map.path("crl_file", tls.crl_file);
  if (verifies(tls.client_auth)) return;
  map.find("crl_file")
      ->addError(
          "has no effect with a client_auth_type that verifies no certificate, expected "
          "RequireAndVerifyClientCert");
}

void readSans(YamlMap& map, std::vector<std::string>& sans) {
  const auto value = map.find("client_allowed_sans");
  if (!value || value->node().kind == YamlNode::NodeKind::Null) return;
  // In Go an empty list accepts no client. It is more likely a mistake.
  for (const auto& entry : value->list().value_or(std::vector<YamlValue>())) {
    if (const auto text = entry.text()) sans.emplace_back(*text);
  }
}

// An empty list counts as missing.
std::vector<YamlValue> readList(YamlMap& map, std::string_view key) {
  const auto value = findGiven(map, key);
  const bool empty =
      !value || (value->node().kind == YamlNode::NodeKind::List && value->node().items.empty());
  return empty ? std::vector<YamlValue>() : value->list().value_or(std::vector<YamlValue>());
}

std::string unknownSuite(std::string_view name) {
  const bool weak =
      name.starts_with("TLS_") && (name.starts_with("TLS_RSA_") || has(name, "_RC4_") ||
                                   has(name, "_3DES_") || name.ends_with("_CBC_SHA256"));
  if (weak) return "is insecure and not offered, as in Go; expected one of tls.CipherSuites()";
  return fmt::format(
      "\"{}\" is not a cipher suite of Go's tls.CipherSuites(), expected one like "
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      printable(name, 64));
}

// Suites of TLS 1.3 are always on. A list without others excludes older versions of TLS.
void readSuites(YamlMap& map, TlsServer& tls) {
  const auto list = readList(map, "cipher_suites");
  bool has_error = false;
  for (const auto& entry : list) {
    const auto name = entry.text();
    const auto suite = std::find_if(kSuites.begin(), kSuites.end(),
                                    [&](const Suite& s) { return name && s.go == *name; });
    if (suite == kSuites.end()) {
      if (name) entry.addError(unknownSuite(*name));
      has_error = true;
    } else if (!suite->openssl.empty()) {
      tls.cipher_suites.emplace_back(suite->openssl);
    }
  }
  if (list.empty() || has_error || !tls.cipher_suites.empty()) return;
  if (tls.max_version < TlsVersion::Tls13) {
    map.find("cipher_suites")
        ->addError("names only suites of TLS 1.3, which max_version excludes; expected others");
  }
  tls.min_version = TlsVersion::Tls13;
}

void readCurves(YamlMap& map, std::vector<std::string>& curves) {
  for (const auto& entry : readList(map, "curve_preferences")) {
    const auto name = entry.text();
    if (!name) continue;
    const auto curve =
        std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& c) { return c.go == *name; });
    if (curve != kCurves.end()) {
      curves.emplace_back(curve->openssl);
    } else if (std::find(kHybrids.begin(), kHybrids.end(), *name) != kHybrids.end()) {
      entry.addError(std::string(*name) +
                     " is not in OpenSSL 3.0, which lacks ML-KEM; expected CurveP256, "
                     "CurveP384, CurveP521 or X25519");
    } else {
      entry.addError("is not a curve, expected CurveP256, CurveP384, CurveP521 or X25519");
    }
  }
}

void readVersion(YamlMap& map, std::string_view key, TlsVersion& version) {
  if (!given(map, key)) return;
  map.choice<TlsVersion>(key, version,
                         {{"TLS10", TlsVersion::Tls10},
                          {"TLS11", TlsVersion::Tls11},
                          {"TLS12", TlsVersion::Tls12},
                          {"TLS13", TlsVersion::Tls13}});
}

void readVersions(YamlMap& map, TlsServer& tls) {
  readVersion(map, "min_version", tls.min_version);
  readVersion(map, "max_version", tls.max_version);
  if (tls.min_version <= tls.max_version) return;
  const auto wrong = given(map, "max_version") ? "max_version" : "min_version";
  map.find(wrong)->addError("leaves no version: min_version is above max_version");
}

void warnOfUnverifiedClients(const TlsServer& tls, std::vector<std::string>& warnings) {
  if (tls.client_auth == ClientAuth::Request || tls.client_auth == ClientAuth::RequireAny) {
    warnings.emplace_back(
        "client_auth_type requests certificates and verifies none: any certificate is accepted");
  }
  if (verifies(tls.client_auth) && tls.client_ca.empty() && tls.client_ca_file.empty()) {
    warnings.emplace_back(
        "client_ca_file is missing: a client certificate of any authority that this system trusts "
        "is accepted");
  }
  if (tls.min_version < TlsVersion::Tls12) {
    warnings.emplace_back("min_version allows TLS 1.0 and 1.1, which are broken");
  }
}

}  // namespace

std::optional<TlsServer> readTlsServer(const YamlValue& value, std::vector<std::string>& warnings) {
  TlsServer tls;
  YamlMap map(value);
  if (!map.present() || value.node().items.empty()) return std::nullopt;
  readEither(map, kCert, tls.cert, tls.cert_file);
  readEither(map, kKey, tls.key, tls.key_file);
  readEither(map, kClientCa, tls.client_ca, tls.client_ca_file);
  readClientAuth(map, tls.client_auth);
  readCrl(map, tls);
  readSans(map, tls.client_allowed_sans);
  readVersions(map, tls);
  readSuites(map, tls);
  map.boolean("prefer_server_cipher_suites", tls.prefer_server_cipher_suites);
  readCurves(map, tls.curve_preferences);
  need(map, kCert);
  need(map, kKey);
  refuseIdleChecks(map, tls);
  map.refuseUnknown();
  warnOfUnverifiedClients(tls, warnings);
  return tls;
}

}  // namespace postern::config
