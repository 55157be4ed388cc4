#include "tls/revocation.h"

#include <fmt/core.h>
#include <openssl/x509v3.h>

#include "base/date.h"
#include "tls/certificate.h"
#include "tls/pem.h"

namespace postern::tls {
namespace {

CrlSummary summaryOf(const X509_CRL& crl) {
  CrlSummary summary;
  summary.issuer = nameText(*X509_CRL_get_issuer(&crl));
  summary.last_update = systemTimeOf(*X509_CRL_get0_lastUpdate(&crl));
  if (const auto* next = X509_CRL_get0_nextUpdate(&crl)) summary.next_update = systemTimeOf(*next);
  const auto* revoked = X509_CRL_get_REVOKED(const_cast<X509_CRL*>(&crl));
  if (revoked != nullptr) {
    summary.revoked = static_cast<std::size_t>(sk_X509_REVOKED_num(revoked));
  }
  return summary;
}

using CrlsPtr = std::unique_ptr<STACK_OF(X509_CRL), decltype([](STACK_OF(X509_CRL) * crls) {
                                  sk_X509_CRL_pop_free(crls, X509_CRL_free);
                                })>;

// The newest CRL of the issuer, or null. After a verification OpenSSL does not report which CRL it
// used.
CrlPtr newestOf(const X509_NAME& issuer, const X509_STORE_CTX& store) {
  const CrlsPtr crls(X509_STORE_CTX_get_lookup_crls(&store)(&store, &issuer));
  X509_CRL* newest = nullptr;
  for (int i = 0; crls && i < sk_X509_CRL_num(crls.get()); ++i) {
    X509_CRL* const crl = sk_X509_CRL_value(crls.get(), i);
    if (newest == nullptr ||
        ASN1_TIME_compare(X509_CRL_get0_lastUpdate(newest), X509_CRL_get0_lastUpdate(crl)) < 0) {
      newest = crl;
    }
  }
  if (newest != nullptr) X509_CRL_up_ref(newest);
  return CrlPtr(newest);
}

std::string revokedAt(X509_CRL* crl, X509* certificate) {
  X509_REVOKED* entry = nullptr;
  if (crl == nullptr || X509_CRL_get0_by_cert(crl, &entry, certificate) != 1) return {};
  return " at " + rfc3339(systemTimeOf(*X509_REVOKED_get0_revocationDate(entry)));
}

}  // namespace

bool expired(const CrlSummary& crl, SystemTime now) {
  return crl.next_update && *crl.next_update < now;
}

std::string nameOf(const CrlSummary& crl, const config::Path& file) {
  return fmt::format("the CRL of '{}' in {}", crl.issuer, file.string());
}

Result<std::vector<CrlSummary>> checkRevocation(std::string_view pem, const config::Path& file,
                                                SSL_CTX* context) {
  TRY(const auto crls, parseCrls(pem, file));
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  std::vector<CrlSummary> summaries;
  for (const auto& crl : crls) {
    summaries.push_back(summaryOf(*crl));
    if (X509_STORE_add_crl(store, crl.get()) != 1) {
      return tlsError(fmt::format("{} cannot be used ({}): replace it",
                                  nameOf(summaries.back(), file), takeReason()));
    }
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  return summaries;
}

std::string describeRevocation(int error, X509_STORE_CTX* store, const config::Path& file,
                               std::string_view owner) {
  X509* const leaf = X509_STORE_CTX_get0_cert(store);
  const std::string issuer = fmt::format("'{}'", issuerOf(*leaf));
  const CrlPtr newest = newestOf(*X509_get_issuer_name(leaf), *store);
  const CrlSummary crl = newest ? summaryOf(*newest) : CrlSummary{};
  const std::string cannot = "cannot be checked for revocation: ";
  const std::string which = fmt::format("the CRL of {} in {}", issuer, file.string());
  switch (error) {
    case X509_V_ERR_CERT_REVOKED:
      return fmt::format("was revoked{}, according to {}: give {} a new certificate",
                         revokedAt(newest.get(), leaf), which, owner);
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
      return fmt::format("{}{} has no CRL of its issuer {}: add the one that this CA publishes",
                         cannot, file.string(), issuer);
    case X509_V_ERR_CRL_HAS_EXPIRED:
      return fmt::format(
          "{}{} expired{} (nextUpdate): replace it by the one that this CA publishes now", cannot,
          which, crl.next_update ? " at " + rfc3339(*crl.next_update) : "");
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return fmt::format(
          "{}{} is not yet valid, it begins at {}: wait until then, or correct the clock of this "
          "machine",
          cannot, which, rfc3339(crl.last_update));
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
      return fmt::format(
          "{}{} has a signature that does not match the key of this CA: replace it by the one that "
          "this CA publishes",
          cannot, which);
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
      return fmt::format(
          "{}the CA {} may not sign CRLs: let its key usage allow cRLSign, or remove crl_file",
          cannot, issuer);
    default: return {};
  }
}

}  // namespace postern::tls
