#include "fakes/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>

namespace postern::testing {
namespace {

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("test certificate: ") + what);
}

std::string written(const std::function<bool(BIO*)>& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
  require(out && write(out.get()), "cannot be written");
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void addExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

std::string alternativeNames(const std::vector<std::string>& names) {
  std::string value;
  for (const auto& name : names) {
    ASN1_OCTET_STRING* const address = a2i_IPADDRESS(name.c_str());
    if (!value.empty()) value += ',';
    if (address != nullptr) {
      value += "IP:";
    } else if (name.find('@') != name.npos) {
      value += "email:";
    } else {
      value += name.starts_with("spiffe://") ? "URI:" : "DNS:";
    }
    value += name;
    ASN1_OCTET_STRING_free(address);
  }
  return value;
}

void addExtensions(X509* certificate, X509* issuer, const Wanted& wanted) {
  const bool authority = wanted.use == Use::Authority;
  addExtension(certificate, issuer, NID_basic_constraints,
               authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  addExtension(certificate, issuer, NID_key_usage,
               authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (wanted.key_identifiers) {
    addExtension(certificate, issuer, NID_subject_key_identifier, "hash");
    addExtension(certificate, issuer, NID_authority_key_identifier, "keyid");
  }
  if (wanted.use == Use::Server) {
    addExtension(certificate, issuer, NID_ext_key_usage, "serverAuth");
  } else if (wanted.use == Use::Client) {
    addExtension(certificate, issuer, NID_ext_key_usage, "clientAuth");
  }
  if (!wanted.names.empty()) {
    addExtension(certificate, issuer, NID_subject_alt_name, alternativeNames(wanted.names));
  }
}

std::shared_ptr<EVP_PKEY> makeKey() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

void setSerial(X509* certificate) {
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "random");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
}

void setNames(X509* certificate, const std::string& common_name, const X509* issuer) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  X509_set_issuer_name(certificate, issuer != nullptr ? X509_get_subject_name(issuer) : subject);
}

}  // namespace

Identity::Identity(std::shared_ptr<X509> certificate, std::shared_ptr<EVP_PKEY> key)
    : certificate_(std::move(certificate)), key_(std::move(key)) {}

Identity Identity::make(const Wanted& wanted, const Identity* issuer,
                        const std::shared_ptr<EVP_PKEY>& key) {
  const std::shared_ptr<X509> certificate(X509_new(), X509_free);
  require(key && certificate, "no memory");
  X509* const x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  setSerial(x509);
  setNames(x509, wanted.common_name, issuer != nullptr ? issuer->x509() : nullptr);
  X509_gmtime_adj(X509_getm_notBefore(x509), static_cast<long>(wanted.begins.count()));
  X509_gmtime_adj(X509_getm_notAfter(x509), static_cast<long>(wanted.ends.count()));
  X509_set_pubkey(x509, key.get());
  addExtensions(x509, issuer != nullptr ? issuer->x509() : x509, wanted);
  EVP_PKEY* const signer = issuer != nullptr ? issuer->privateKey() : key.get();
  require(X509_sign(x509, signer, EVP_sha256()) > 0, "cannot be signed");
  return {certificate, key};
}

Identity Identity::selfSigned(const Wanted& wanted) {
  return make(wanted, nullptr, makeKey());
}

Identity Identity::issue(const Wanted& wanted) const {
  return make(wanted, this, makeKey());
}

Identity Identity::again(const Wanted& wanted, const Identity* issuer) const {
  return make(wanted, issuer, key_);
}

std::string Identity::certificate() const {
  return written([&](BIO* out) { return PEM_write_bio_X509(out, x509()) == 1; });
}

std::string Identity::key() const {
  return written([&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, privateKey(), nullptr, nullptr, 0, nullptr,
                                         nullptr) == 1;
  });
}

std::string Identity::encryptedKey(std::string_view password) const {
  return written([&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, privateKey(), EVP_aes_256_cbc(), password.data(),
                                         static_cast<int>(password.size()), nullptr, nullptr) == 1;
  });
}

std::string Identity::encryptedKey(std::string_view password, const EVP_CIPHER* cipher) const {
  return written([&](BIO* out) {
    return PEM_write_bio_PrivateKey_traditional(
               out, privateKey(), cipher, reinterpret_cast<const unsigned char*>(password.data()),
               static_cast<int>(password.size()), nullptr, nullptr) == 1;
  });
}

std::string Identity::bundle(const std::string& password, const std::vector<Identity>& others,
                             bool outdated) const {
  // A separate library context: its providers stay unknown to the tested code.
  const std::unique_ptr<OSSL_LIB_CTX, decltype(&OSSL_LIB_CTX_free)> library(OSSL_LIB_CTX_new(),
                                                                            OSSL_LIB_CTX_free);
  using Provider = std::unique_ptr<OSSL_PROVIDER, decltype(&OSSL_PROVIDER_unload)>;
  const Provider usual(OSSL_PROVIDER_load(library.get(), "default"), OSSL_PROVIDER_unload);
  const Provider legacy(outdated ? OSSL_PROVIDER_load(library.get(), "legacy") : nullptr,
                        OSSL_PROVIDER_unload);
  require(usual && (legacy || !outdated), "no provider");
  STACK_OF(X509)* const stack = sk_X509_new_null();
  for (const auto& other : others) sk_X509_push(stack, other.x509());
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> bundle(
      PKCS12_create_ex(password.c_str(), "name", privateKey(), x509(), stack, 0,
                       outdated ? NID_pbe_WithSHA1And40BitRC2_CBC : 0, 0, 0, 0, library.get(),
                       nullptr),
      PKCS12_free);
  sk_X509_free(stack);
  require(bundle != nullptr, "no bundle");
  return written([&](BIO* out) { return i2d_PKCS12_bio(out, bundle.get()) == 1; });
}

std::shared_ptr<X509_CRL> Identity::makeCrl(const WantedCrl& wanted) const {
  const std::shared_ptr<X509_CRL> crl(X509_CRL_new(), X509_CRL_free);
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> time(ASN1_TIME_new(), ASN1_TIME_free);
  require(crl && time, "no memory");
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(x509()));
  X509_gmtime_adj(time.get(), static_cast<long>(wanted.last_update.count()));
  X509_CRL_set1_lastUpdate(crl.get(), time.get());
  for (const auto& identity : wanted.revoked) {
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(identity.x509()));
    X509_REVOKED_set_revocationDate(entry, time.get());
    require(X509_CRL_add0_revoked(crl.get(), entry) == 1, "cannot be revoked");
  }
  X509_gmtime_adj(time.get(), static_cast<long>(wanted.next_update.count()));
  X509_CRL_set1_nextUpdate(crl.get(), time.get());
  X509_CRL_sort(crl.get());
  require(X509_CRL_sign(crl.get(), privateKey(), EVP_sha256()) > 0, "CRL cannot be signed");
  return crl;
}

std::string Identity::crl(const WantedCrl& wanted) const {
  const auto crl = makeCrl(wanted);
  return written([&](BIO* out) { return PEM_write_bio_X509_CRL(out, crl.get()) == 1; });
}

std::string Identity::crlDer(const WantedCrl& wanted) const {
  const auto crl = makeCrl(wanted);
  return written([&](BIO* out) { return i2d_X509_CRL_bio(out, crl.get()) == 1; });
}

std::string Identity::certificateDer() const {
  return written([&](BIO* out) { return i2d_X509_bio(out, x509()) == 1; });
}

std::string Identity::keyDer() const {
  return written([&](BIO* out) { return i2d_PrivateKey_bio(out, privateKey()) == 1; });
}

std::string Identity::pin() const {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509()), &der);
  require(size > 0, "has no public key");
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(digest.data()));
  OPENSSL_free(der);
  return digest;
}

Identity makeAuthority(const std::string& common_name) {
  return Identity::selfSigned({.common_name = common_name, .names = {}, .use = Use::Authority});
}

Identity makeAuthority(const std::string& common_name, const Identity& issuer) {
  return issuer.issue({.common_name = common_name, .names = {}, .use = Use::Authority});
}

Identity makeServer(const Identity& issuer, std::vector<std::string> names) {
  const std::string common_name = names.empty() ? "server" : names.front();
  return issuer.issue({.common_name = common_name, .names = std::move(names), .use = Use::Server});
}

Identity makeClient(const Identity& issuer, const std::string& common_name) {
  return issuer.issue({.common_name = common_name, .names = {}, .use = Use::Client});
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "postern-test-XXXXXX").string();
  require(::mkdtemp(pattern.data()) != nullptr, "no temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // a remainder is in the temporary folder anyway
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryFolder::write(const std::filesystem::path& name,
                                             std::string_view content) const {
  const auto file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  // By rename: a poller of stat(2) then notices two writes within one tick of the clock.
  const std::filesystem::path fresh = file.string() + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << content;
  require(static_cast<bool>(out.flush()), "file cannot be written");
  std::filesystem::rename(fresh, file);
  return file;
}

}  // namespace postern::testing
