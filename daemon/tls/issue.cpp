#include "tls/issue.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "tls/certificate.h"
#include "tls/chain_search.h"
#include "tls/context.h"
#include "tls/pem.h"
#include "tls/verify_words.h"

namespace postern::tls {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Release<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

struct Draft {
  std::string common_name;
  std::vector<std::pair<int, std::string>> extensions;  // in the syntax of openssl.cnf
};

Error cannotMake() {
  return tlsError(fmt::format("no certificate can be made ({})", takeReason()));
}

// 127 random bits: positive and unique (RFC 5280 section 4.1.2.2).
bool number(X509* certificate) {
  const NumberPtr serial(BN_new());
  return serial && BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool date(X509* certificate, const Validity& validity) {
  const auto seconds = [](SystemTime time) { return std::chrono::system_clock::to_time_t(time); };
  return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(validity.not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(validity.not_after)) != nullptr;
}

bool nameAs(X509* certificate, const std::string& common_name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                                    -1, 0) == 1;
}

bool extend(X509* certificate, X509* issuer, const Draft& draft) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : draft.extensions) {
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return false;
  }
  return true;
}

// Null only when OpenSSL fails. `issuer` is null for a self-signed certificate.
X509Ptr make(const Draft& draft, const Validity& validity, EVP_PKEY* key, X509* issuer,
             EVP_PKEY* issuer_key) {
  X509Ptr made(X509_new());
  X509* const raw = made.get();
  if (raw == nullptr || X509_set_version(raw, X509_VERSION_3) != 1 || !number(raw) ||
      !date(raw, validity) || !nameAs(raw, draft.common_name) || X509_set_pubkey(raw, key) != 1) {
    return nullptr;
  }
  X509* const parent = issuer == nullptr ? raw : issuer;
  const bool signed_now = X509_set_issuer_name(raw, X509_get_subject_name(parent)) == 1 &&
                          extend(raw, parent, draft) &&
                          X509_sign(raw, issuer_key, EVP_sha256()) > 0;
  return signed_now ? std::move(made) : nullptr;
}

// Two authorities must not share a name, because clients look up the issuer by name.
std::string randomName(std::string_view prefix) {
  std::string bytes(8, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return std::string(prefix) + encodeHex(bytes);
}

std::string written(const BioPtr& out) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string pemOf(X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_X509(out.get(), certificate) != 1) return {};
  return written(out);
}

// OpenSSL wipes the BIO's memory.
Secret pemOf(EVP_PKEY* key) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return {};
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return Secret({text, static_cast<std::size_t>(size)});
}

std::string alternativeNameList(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "DNS:" : ",DNS:") + name;
  return text;
}

// Verifies the chain from `leaf` to one of `authorities`, for a server at `now`.
Result<void> verifyChain(X509* leaf, const Chain& authorities, SystemTime now) {
  const StorePtr store(X509_STORE_new());
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (!store || !context) return tlsError("no certificate can be verified: no memory");
  searchChains(store.get());
  for (const auto& authority : authorities) X509_STORE_add_cert(store.get(), authority.get());
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr) != 1) {
    return tlsError(fmt::format("no certificate can be verified ({})", takeReason()));
  }
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(now));
  const int error = verifyAnyChain(context.get());
  ERR_clear_error();
  if (error == X509_V_OK) return {};
  return tlsError(std::string("tls.crt: ca.crt does not verify it: ") + verifyWords(error));
}

}  // namespace

Result<Issued> issue(const std::vector<std::string>& names, const Validity& validity) {
  const KeyPtr authority_key(EVP_EC_gen("P-256"));
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!authority_key || !key) return cannotMake();
  const Draft vouches{randomName("postern inject CA "),
                      {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                       {NID_key_usage, "critical,keyCertSign"},
                       {NID_subject_key_identifier, "hash"}}};
  const auto authority = make(vouches, validity, authority_key.get(), nullptr, authority_key.get());
  if (!authority) return cannotMake();
  const Draft serves{"postern inject",
                     {{NID_basic_constraints, "critical,CA:FALSE"},
                      {NID_key_usage, "critical,digitalSignature"},
                      {NID_ext_key_usage, "serverAuth"},
                      {NID_subject_key_identifier, "hash"},
                      {NID_authority_key_identifier, "keyid:always"},
                      {NID_subject_alt_name, alternativeNameList(names)}}};
  const auto leaf = make(serves, validity, key.get(), authority.get(), authority_key.get());
  if (!leaf) return cannotMake();
  Issued issued{pemOf(authority.get()), pemOf(leaf.get()), pemOf(key.get())};
  if (issued.authority.empty() || issued.certificate.empty() || issued.key.empty()) {
    return cannotMake();
  }
  return issued;
}

Result<Validity> vouchedFor(const Issued& issued, const std::string& name, SystemTime now) {
  const Secret certificate(issued.certificate);
  TRY(const auto pair,
      parsePair({certificate, issued.key, std::nullopt, "tls.crt", "tls.key", "", "server"}, now));
  TRY(const auto trusted, parseCertificates(issued.authority, "ca.crt"));
  X509* const leaf = pair.chain.front().get();
  TRY_VOID(verifyChain(leaf, trusted, now));
  if (X509_check_host(leaf, name.data(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                      nullptr) != 1) {
    return tlsError(fmt::format("tls.crt: is for {}, not for {}", namesOf(*leaf), name));
  }
  return validityOf(*leaf);
}

std::string unexpired(std::string_view pem, SystemTime now, std::size_t most) {
  std::vector<std::string> kept;
  const auto chain = parseCertificates(pem, "");
  if (!chain) return {};
  for (const auto& certificate : *chain) {
    if (validityOf(*certificate).not_after <= now || kept.size() >= most) continue;
    auto text = pemOf(certificate.get());
    if (std::ranges::find(kept, text) == kept.end()) kept.push_back(std::move(text));
  }
  std::string all;
  for (const auto& text : kept) all += text;
  return all;
}

}  // namespace postern::tls
