#include "base/encoding.h"
#include "config/readers.h"
#include "config/syntax.h"

namespace postern::config {
namespace {

constexpr std::size_t kSha256Bytes = 32;

void readFiles(YamlMap& map, Tls& tls) {
  map.path("ca_file", tls.ca_file);
  map.path("crl_file", tls.crl_file);
  map.path("cert_file", tls.cert_file);
  map.path("key_file", tls.key_file);
  if (map.has("cert_file") && !map.has("key_file")) {
    map.find("cert_file")->addError("is set without key_file, expected both");
  } else if (map.has("key_file") && !map.has("cert_file")) {
    map.find("key_file")->addError("is set without cert_file, expected both");
  }
  map.path("key_password_file", tls.key_password_file);
}

void readPkcs12(YamlMap& map, Tls& tls) {
  map.path("pkcs12_file", tls.pkcs12_file);
  map.exclude({"pkcs12_file", "cert_file"});
  map.exclude({"pkcs12_file", "key_file"});
}

void refusePasswordAlone(YamlMap& map, std::string_view expected) {
  if (!map.has("key_password_file") || map.has("key_file") || map.has("pkcs12_file")) return;
  map.find("key_password_file")
      ->addError("is set without a key, expected " + std::string(expected));
}

void readTrust(YamlMap& map, Tls& tls) {
  map.boolean("system_roots", tls.system_roots);
  map.checked("spiffe_id", tls.spiffe_id, spiffeIdMistake);
  map.exclude({"spiffe_id", "server_name"});
  if (map.has("system_roots") && !tls.system_roots && !map.has("ca_file")) {
    map.find("system_roots")->addError("is false without a ca_file, expected ca_file");
  }
  if (!map.has("spiffe_id")) return;
  if (!map.has("ca_file")) {
    map.find("spiffe_id")
        ->addError("is set without ca_file, expected the bundle of its trust domain there");
  } else if (tls.system_roots) {
    map.find("system_roots")
        ->addError(
            "is true with spiffe_id, expected ca_file instead: only the bundle of its "
            "trust domain may verify the server");
  }
}

void readPin(YamlMap& map, std::string& pin) {
  const auto value = map.find("pin_sha256");
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return;
  auto bytes = decodeBase64(*text);
  if (bytes && bytes->size() == kSha256Bytes) {
    pin = std::move(*bytes);
  } else {
    value->addError("is not the base64 of a SHA-256, expected 44 characters that end with =");
  }
}

// Revocation is part of the check of the chain.
void refuseCrlWithoutChain(YamlMap& map, const Tls& tls) {
  if (!map.has("crl_file")) return;
  if (tls.insecure_skip_verify) {
    map.find("crl_file")
        ->addError("has no effect with insecure_skip_verify, expected only one of them");
  } else if (map.has("pin_sha256") && !map.has("ca_file")) {
    map.find("crl_file")
        ->addError("has no effect with pin_sha256 alone, expected ca_file in addition");
  }
}

}  // namespace

void readTls(const YamlValue& value, Tls& tls) {
  YamlMap map(value);
  readFiles(map, tls);
  readPkcs12(map, tls);
  refusePasswordAlone(map, "key_file or pkcs12_file");
  readTrust(map, tls);
  map.checked("server_name", tls.server_name, hostMistake);
  map.choice<TlsVersion>("min_version", tls.min_version,
                         {{"TLS10", TlsVersion::Tls10},
                          {"TLS11", TlsVersion::Tls11},
                          {"TLS12", TlsVersion::Tls12},
                          {"TLS13", TlsVersion::Tls13}});
  readPin(map, tls.pin_sha256);
  map.boolean("insecure_skip_verify", tls.insecure_skip_verify);
  refuseCrlWithoutChain(map, tls);
  map.refuseUnknown(PrometheusBlock::Tls);
}

void readDatabaseTls(const YamlValue& value, Tls& tls) {
  YamlMap map(value);
  readFiles(map, tls);
  refusePasswordAlone(map, "key_file");
  map.refuseUnknown(PrometheusBlock::Tls);
}

}  // namespace postern::config
