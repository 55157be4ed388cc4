#include "tls/context.h"

#include <fmt/core.h>
#include <openssl/x509v3.h>

#include "tls/certificate.h"
#include "tls/own_chain.h"
#include "tls/pem.h"

namespace postern::tls {
namespace {

// OpenSSL reads the extensions of a certificate when it first needs them. Several handshakes may do
// that at the same time, so this reads them first.
void readExtensions(X509_STORE* store) {
  const auto* objects = X509_STORE_get0_objects(store);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509* const certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (certificate != nullptr) X509_check_purpose(certificate, -1, 0);
  }
}

}  // namespace

int protocolOf(config::TlsVersion version) {
  switch (version) {
    case config::TlsVersion::Tls10: return TLS1_VERSION;
    case config::TlsVersion::Tls11: return TLS1_1_VERSION;
    case config::TlsVersion::Tls12: return TLS1_2_VERSION;
    case config::TlsVersion::Tls13: break;
  }
  return TLS1_3_VERSION;
}

Result<Bundle> parsePair(const PairText& text, SystemTime now) {
  TRY(auto certificates, parseCertificates(text.cert.reveal(), text.cert_file));
  TRY(auto key, parseKey(text.key.reveal(), text.key_file, text.password, text.password_file));
  TRY(auto own,
      ownChain(std::move(certificates), *key, {text.cert_file, text.key_file, text.whose}, now));
  return Bundle{std::move(key), std::move(own.certificates), std::move(own.warnings)};
}

Result<void> show(const Bundle& bundle, const config::Path& file, SSL_CTX* context) {
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
  bool taken = SSL_CTX_use_certificate(context, bundle.chain.front().get()) == 1 &&
               SSL_CTX_use_PrivateKey(context, bundle.key.get()) == 1;
  for (std::size_t i = 1; taken && i < bundle.chain.size(); ++i) {
    taken = SSL_CTX_add1_chain_cert(context, bundle.chain[i].get()) == 1;
  }
  if (taken) return {};
  return tlsError(
      fmt::format("{}: OpenSSL refuses it ({}): issue a certificate with an EC P-256 key, or RSA "
                  "of 2048 bits and more",
                  file.string(), takeReason()));
}

Result<void> trust(const Chain& authorities, const config::Path& file, SSL_CTX* context) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const auto& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) {
      return tlsError(fmt::format("{}: '{}' cannot be used ({}): write the file again",
                                  file.string(), subjectOf(*authority), takeReason()));
    }
  }
  readExtensions(store);
  // The file may contain an intermediate, or the peer's own certificate, as its only anchor.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

Result<void> trustSystem(std::string_view instead, SSL_CTX* context) {
  if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return tlsError(
        fmt::format("the system's roots cannot be loaded ({}): set {}", takeReason(), instead));
  }
  readExtensions(SSL_CTX_get_cert_store(context));
  return {};
}

}  // namespace postern::tls
