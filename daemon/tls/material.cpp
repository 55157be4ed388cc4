#include "tls/material.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/certificate.h"
#include "tls/files.h"
#include "tls/pem.h"
#include "tls/verify.h"

namespace postern::tls {
namespace {

constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// TLS 1.0 and 1.1 know neither AEAD nor a signature that OpenSSL 3 still holds for secure.
constexpr const char* kOldCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:HIGH:!aNULL:@SECLEVEL=0";

int protocolOf(config::TlsVersion version) {
  switch (version) {
    case config::TlsVersion::Tls10: return TLS1_VERSION;
    case config::TlsVersion::Tls11: return TLS1_1_VERSION;
    case config::TlsVersion::Tls12: return TLS1_2_VERSION;
    case config::TlsVersion::Tls13: break;
  }
  return TLS1_3_VERSION;
}

Result<void> checkDates(const X509& certificate, const config::Path& file, SystemTime now) {
  const Validity validity = validityOf(certificate);
  const std::string which = file.string() + ": client certificate '" + subjectOf(certificate) + "'";
  if (now > validity.not_after) {
    return tlsError(which + " expired at " + timeText(validity.not_after) + ": renew it");
  }
  if (now < validity.not_before) {
    return tlsError(which + " is not yet valid, it begins at " + timeText(validity.not_before) +
                    ": wait until then, or set the clock of this machine right");
  }
  return {};
}

// Each certificate after the leaf has issued the one before it (RFC 5246 section 7.4.2).
Result<void> checkOrder(const Chain& chain, const config::Path& file) {
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (X509_check_issued(chain[i].get(), chain[i - 1].get()) != X509_V_OK) {
      return tlsError(file.string() + ": certificate " + std::to_string(i + 1) + " in it ('" +
                      subjectOf(*chain[i]) + "') has not issued the one before it ('" +
                      subjectOf(*chain[i - 1]) +
                      "'): write the client certificate first, then each issuer");
    }
  }
  return {};
}

Result<void> checkPair(const Chain& chain, const EVP_PKEY& key, const config::Tls& config) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (X509_check_private_key(chain[i].get(), &key) != 1) continue;
    if (i == 0) return {};
    return tlsError(config.cert_file.string() + ": the certificate of " + config.key_file.string() +
                    " is number " + std::to_string(i + 1) +
                    " in it: write the client certificate first, then each issuer");
  }
  return tlsError(config.key_file.string() + ": the key does not match the certificate '" +
                  subjectOf(*chain.front()) + "' of " + config.cert_file.string() +
                  ": mount the two of one pair");
}

// OpenSSL reads those of a certificate when it first needs them, which several handshakes may do at
// the same time.
void readExtensions(X509_STORE* store) {
  const auto* objects = X509_STORE_get0_objects(store);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509* const certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (certificate != nullptr) X509_check_purpose(certificate, -1, 0);
  }
}

}  // namespace

Material::Material(config::Tls config) : config_(std::move(config)) {}

Material::~Material() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<const Material>> Material::load(const config::Tls& config, SystemTime now) {
  const auto files = readWhole(config);
  if (!files) return files.error();
  const std::shared_ptr<Material> material(new Material(config));
  if (auto made = material->makeContext(); !made) return std::move(made).error();
  if (auto taken = material->takeAuthorities(*files); !taken) return std::move(taken).error();
  if (auto taken = material->takeClient(*files, now); !taken) return std::move(taken).error();
  ERR_clear_error();
  return std::shared_ptr<const Material>(material);
}

Result<void> Material::makeContext() {
  context_ = SSL_CTX_new(TLS_client_method());
  if (context_ == nullptr) return tlsError("no TLS context: " + takeReason());
  const bool old = config_.min_version < config::TlsVersion::Tls12;
  if (SSL_CTX_set_min_proto_version(context_, protocolOf(config_.min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(context_, 0) != 1 ||
      SSL_CTX_set_cipher_list(context_, old ? kOldCiphers : kCiphers) != 1) {
    return tlsError("min_version: OpenSSL does not support it: " + takeReason());
  }
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_read_ahead(context_, 1);
  // Idle connections hold no buffers. What is sent is what cert_file holds, no more.
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  // Sessions are kept by who resumes them.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  return {};
}

Result<void> Material::takeAuthorities(const Files& files) {
  policy_ = std::make_unique<Policy>(policyOf(config_, files.ca.has_value()));
  enforce(*policy_, context_);
  if (!files.ca) {
    if (policy_->check_chain && SSL_CTX_set_default_verify_paths(context_) != 1) {
      return tlsError("the system's roots cannot be loaded (" + takeReason() + "): set ca_file");
    }
    readExtensions(SSL_CTX_get_cert_store(context_));
    return {};
  }
  const auto authorities = parseCertificates(files.ca->reveal(), config_.ca_file);
  if (!authorities) return authorities.error();
  X509_STORE* const store = SSL_CTX_get_cert_store(context_);
  for (const auto& authority : *authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) {
      return tlsError(config_.ca_file.string() + ": '" + subjectOf(*authority) +
                      "' cannot be used (" + takeReason() + "): write the file anew");
    }
  }
  readExtensions(store);
  // ca_file may hold an intermediate, or the server's own certificate, as its only anchor.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  ca_ = earliestOf(*authorities);
  return {};
}

Result<void> Material::takeClient(const Files& files, SystemTime now) {
  if (!files.cert) return {};
  const auto chain = parseCertificates(files.cert->reveal(), config_.cert_file);
  if (!chain) return chain.error();
  const auto key = parseKey(files.key->reveal(), config_.key_file);
  if (!key) return key.error();
  if (auto pair = checkPair(*chain, **key, config_); !pair) return pair;
  if (auto order = checkOrder(*chain, config_.cert_file); !order) return order;
  for (const auto& certificate : *chain) {
    if (auto dates = checkDates(*certificate, config_.cert_file, now); !dates) return dates;
  }

  bool taken = SSL_CTX_use_certificate(context_, chain->front().get()) == 1 &&
               SSL_CTX_use_PrivateKey(context_, key->get()) == 1;
  for (std::size_t i = 1; taken && i < chain->size(); ++i) {
    taken = SSL_CTX_add1_chain_cert(context_, (*chain)[i].get()) == 1;
  }
  if (!taken) {
    return tlsError(config_.cert_file.string() + ": OpenSSL refuses it (" + takeReason() +
                    "): issue a certificate with an EC P-256 key, or RSA of 2048 bits and more");
  }
  client_ = earliestOf(*chain);
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

std::optional<Validity> Material::serverValidity(SSL* ssl) {
  const X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return std::nullopt;
  return validityOf(*certificate);
}

}  // namespace postern::tls
