#include "tls/material.h"

#include <fmt/core.h>
#include <openssl/err.h>

#include <array>

#include "base/date.h"
#include "tls/certificate.h"
#include "tls/context.h"
#include "tls/files.h"
#include "tls/pem.h"
#include "tls/pkcs12.h"
#include "tls/verify.h"

namespace postern::tls {
namespace {

constexpr const char* kMoreMemory = "give the process more memory";
// RFC 7301, section 6: "http/1.1" with its length.
constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// TLS 1.0 and 1.1 have neither AEAD nor a signature that OpenSSL 3 considers secure.
constexpr const char* kOldCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:HIGH:!aNULL:@SECLEVEL=0";

Result<void> checkDates(const X509& certificate, bool leaf, const config::Path& file,
                        SystemTime now) {
  const Validity validity = validityOf(certificate);
  const std::string which =
      fmt::format("{}{}{}'", file.string(),
                  leaf ? ": client certificate '" : ": certificate of the client chain '",
                  subjectOf(certificate));
  if (now > validity.not_after) {
    return tlsError(fmt::format("{} expired at {}: renew it", which, rfc3339(validity.not_after)));
  }
  if (now < validity.not_before) {
    return tlsError(
        fmt::format("{} is not yet valid, it begins at {}: wait until then, or correct the clock "
                    "of this machine",
                    which, rfc3339(validity.not_before)));
  }
  return {};
}

// The file with the client certificate.
const config::Path& clientFile(const config::Tls& config) {
  return config.pkcs12_file.empty() ? config.cert_file : config.pkcs12_file;
}

// Parses the existing files. Requires one with a certificate.
Result<Bundle> parseClient(const TlsFiles& files, const config::Tls& config, SystemTime now) {
  if (files.pkcs12) {
    return parsePkcs12(files.pkcs12->reveal(), config.pkcs12_file, files.password,
                       config.key_password_file, now);
  }
  return parsePair({*files.cert, *files.key, files.password, config.cert_file, config.key_file,
                    config.key_password_file, "client"},
                   now);
}

// A CA file may contain hundreds. The first ones identify it.
std::vector<Summary> summariesOf(const Chain& chain) {
  constexpr std::size_t kMost = 5;
  std::vector<Summary> summaries;
  for (std::size_t i = 0; i < chain.size() && i < kMost; ++i)
    summaries.push_back(summaryOf(*chain[i]));
  return summaries;
}

}  // namespace

Material::Material(config::Tls config) : config_(std::move(config)) {}

Material::~Material() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<const Material>> Material::load(const config::Tls& config, SystemTime now) {
  TRY(const auto files, readWhole(config));
  const std::shared_ptr<Material> material(new Material(config));
  TRY_VOID(material->makeContext());
  TRY_VOID(material->takeAuthorities(files));
  TRY_VOID(material->takeClient(files, now));
  ERR_clear_error();
  return std::shared_ptr<const Material>(material);
}

Result<void> Material::makeContext() {
  context_ = SSL_CTX_new(TLS_client_method());
  if (context_ == nullptr)
    return tlsError(fmt::format("no TLS context can be made ({})", takeReason()), kMoreMemory);
  const bool old = config_.min_version < config::TlsVersion::Tls12;
  if (SSL_CTX_set_min_proto_version(context_, protocolOf(config_.min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(context_, 0) != 1 ||
      SSL_CTX_set_cipher_list(context_, old ? kOldCiphers : kCiphers) != 1) {
    return tlsError(fmt::format("min_version: OpenSSL does not support it ({})", takeReason()),
                    "set TLS12 or TLS13");
  }
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION);
  // Apache requests a client certificate after the handshake if a location requires one.
  SSL_CTX_set_post_handshake_auth(context_, 1);
  if (SSL_CTX_set_alpn_protos(context_, kHttp11.data(), kHttp11.size()) != 0) {
    return tlsError(fmt::format("no TLS context ({})", takeReason()), kMoreMemory);
  }
  SSL_CTX_set_read_ahead(context_, 1);
  // Idle connections hold no buffers.
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  // The client of a session keeps it.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  return {};
}

Result<void> Material::takeAuthorities(const TlsFiles& files) {
  policy_ = std::make_unique<VerifyPolicy>(policyOf(config_, files.ca.has_value()));
  enforce(*policy_, context_);
  const bool system_roots = (!files.ca && !config_.files_only) || config_.system_roots;
  if (system_roots && policy_->check_chain) {
    TRY_VOID(trustSystem("ca_file", context_));
  }
  if (files.crl) {
    TRY(auto crls, checkRevocation(files.crl->reveal(), config_.crl_file, context_));
    crls_ = std::move(crls);
  }
  if (!files.ca) {
    if (!policy_->spiffe_id.empty()) {
      return tlsError(config_.ca_file.string() +
                      ": no such file: mount the bundle of the trust domain of spiffe_id there");
    }
    return {};
  }
  TRY(const auto authorities, parseCertificates(files.ca->reveal(), config_.ca_file));
  TRY_VOID(trust(authorities, config_.ca_file, context_));
  ca_ = earliestOf(authorities);
  authorities_ = summariesOf(authorities);
  return {};
}

Result<void> Material::takeClient(const TlsFiles& files, SystemTime now) {
  if (!files.cert && !files.pkcs12) return {};
  const auto& file = clientFile(config_);
  TRY(const auto client, parseClient(files, config_, now));
  for (const auto& certificate : client.chain) {
    const bool leaf = certificate == client.chain.front();
    TRY_VOID(checkDates(*certificate, leaf, file, now));
  }
  TRY_VOID(show(client, file, context_));
  client_ = earliestOf(client.chain);
  client_chain_ = summariesOf(client.chain);
  warnings_ = client.warnings;
  return {};
}

SSL* Material::newConnection(int fd, const std::string& host) const {
  SSL* const ssl = SSL_new(context_);
  if (ssl == nullptr) return nullptr;
  if (SSL_set_fd(ssl, fd) != 1 || !expectName(*policy_, host, ssl)) {
    SSL_free(ssl);
    return nullptr;
  }
  SSL_set_connect_state(ssl);
  return ssl;
}

std::optional<Summary> Material::serverCertificate(SSL* ssl) {
  const X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return std::nullopt;
  return summaryOf(*certificate);
}

}  // namespace postern::tls
