#include "tls/certificate.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/printable.h"

namespace postern::tls {
namespace {

constexpr std::size_t kNamesShown = 5;

std::string alternativeName(const GENERAL_NAME& name) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &type));
  if (type != GEN_DNS && type != GEN_URI && type != GEN_IPADD) return {};
  const unsigned char* bytes = ASN1_STRING_get0_data(value);
  const int size = ASN1_STRING_length(value);
  if (type != GEN_IPADD) {
    return printable({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (size != 4 && size != 16) return {};
  ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, text.data(), text.size());
  return text.data();
}

using NamesPtr = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;

NamesPtr generalNames(const X509& certificate) {
  return NamesPtr(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
}

std::vector<std::string> alternativeNames(const X509& certificate) {
  const auto names = generalNames(certificate);
  std::vector<std::string> texts;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    auto text = alternativeName(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

SystemTime systemTimeOf(const ASN1_TIME& time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(&time, &parts) != 1) return SystemTime{};
  const std::chrono::seconds seconds(::timegm(&parts));
  // "No expiry" is the year 9999 (RFC 5280 section 4.1.2.5); system_clock ends in 2262.
  const auto most = std::chrono::floor<std::chrono::seconds>(SystemTime::max().time_since_epoch());
  const auto least = std::chrono::ceil<std::chrono::seconds>(SystemTime::min().time_since_epoch());
  return SystemTime(std::clamp(seconds, least, most));
}

Validity validityOf(const X509& certificate) {
  return {systemTimeOf(*X509_get0_notBefore(&certificate)),
          systemTimeOf(*X509_get0_notAfter(&certificate))};
}

Validity earliestOf(const Chain& chain) {
  Validity earliest = validityOf(*chain.front());
  for (const auto& certificate : chain) {
    const Validity validity = validityOf(*certificate);
    if (validity.not_after < earliest.not_after) earliest = validity;
  }
  return earliest;
}

bool expiresSoon(const Validity& validity, SystemTime now) {
  using std::chrono::hours;
  const auto left = validity.not_after - now;
  return left < hours(24 * 14) && left < (validity.not_after - validity.not_before) / 5;
}

std::string nameText(const X509_NAME& name) {
  const int at = X509_NAME_get_index_by_NID(&name, NID_commonName, -1);
  if (at >= 0) {
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(&name, at));
    return printable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                      static_cast<std::size_t>(ASN1_STRING_length(value))});
  }
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), &name, 0, XN_FLAG_ONELINE) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return printable({text, static_cast<std::size_t>(size)});
}

std::string subjectOf(const X509& certificate) {
  return nameText(*X509_get_subject_name(&certificate));
}

std::string issuerOf(const X509& certificate) {
  return nameText(*X509_get_issuer_name(&certificate));
}

std::vector<std::string> urisOf(const X509& certificate) {
  const auto names = generalNames(certificate);
  std::vector<std::string> uris;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

bool hasAlternativeNames(const X509& certificate) {
  return !alternativeNames(certificate).empty();
}

std::string namesOf(const X509& certificate) {
  const auto names = alternativeNames(certificate);
  if (names.empty()) return subjectOf(certificate);
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kNamesShown; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kNamesShown) {
    text += fmt::format(" and {} more", names.size() - kNamesShown);
  }
  return text;
}

Summary summaryOf(const X509& certificate) {
  return {subjectOf(certificate), namesOf(certificate), issuerOf(certificate),
          validityOf(certificate)};
}

bool hasSameKey(const X509& one, const X509& other) {
  EVP_PKEY* const key = X509_get0_pubkey(&one);
  EVP_PKEY* const other_key = X509_get0_pubkey(&other);
  return key != nullptr && other_key != nullptr && EVP_PKEY_eq(key, other_key) == 1;
}

bool hasIssued(X509& issuer, X509& subject) {
  if (X509_NAME_cmp(X509_get_subject_name(&issuer), X509_get_issuer_name(&subject)) != 0) {
    return false;
  }
  EVP_PKEY* const key = X509_get0_pubkey(&issuer);
  ERR_set_mark();
  const bool issued = key != nullptr && X509_verify(&subject, key) == 1;
  ERR_pop_to_mark();
  return issued;
}

std::string pinOf(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size < 0) return {};
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(digest.data()));
  OPENSSL_free(der);
  return digest;
}

}  // namespace postern::tls
