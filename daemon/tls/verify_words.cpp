#include "tls/verify_words.h"

#include <fmt/core.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace postern::tls {
namespace {

constexpr std::string_view kUnknownCa = "no trusted certificate has signed it or its chain";
constexpr std::string_view kSelfSigned =
    "its chain ends in a self-signed certificate that is not trusted";
constexpr std::string_view kNotCa =
    "a certificate that has signed another one of its chain is not a CA (basic constraints)";
constexpr std::string_view kIdentifiers =
    "a key identifier or issuer of its chain differs from that of the certificate it names";
constexpr std::string_view kConstraints =
    "its names are not among those that a CA of its chain may sign (name constraints)";
constexpr std::string_view kPolicy = "its policies are not those that its chain requires";
constexpr std::string_view kDate = "a date in it or its chain cannot be read";
constexpr std::string_view kSignature =
    "a signature of its chain is not made by the key of the issuer";
constexpr std::string_view kCrlDate = "a date in a CRL cannot be read";

constexpr std::pair<int, std::string_view> kWords[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, kUnknownCa},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, kUnknownCa},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, kUnknownCa},
    {X509_V_ERR_CERT_UNTRUSTED, kUnknownCa},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "it is self-signed and not trusted"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, kSelfSigned},
    {X509_V_ERR_CERT_HAS_EXPIRED, "it or a certificate of its chain has expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "it or a certificate of its chain is not yet valid"},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, kDate},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, kDate},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, kSignature},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, kSignature},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, "the public key of its issuer cannot be read"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, "its chain has too many certificates"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED,
     "its chain has more CA certificates than one of them allows (path length)"},
    {X509_V_ERR_INVALID_CA, kNotCa},
    {X509_V_ERR_INVALID_NON_CA, "it is a CA certificate, where none is allowed"},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
     "a CA of its chain may not sign certificates (key usage without keyCertSign)"},
    {X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, "its CA may not sign CRLs (key usage without cRLSign)"},
    {X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, "its key usage lacks digitalSignature"},
    {X509_V_ERR_INVALID_PURPOSE, "its extended key usage does not allow this use"},
    {X509_V_ERR_CERT_REJECTED, "it is marked as not trusted for this use"},
    {X509_V_ERR_CERT_REVOKED, "it is revoked"},
    {X509_V_ERR_UNABLE_TO_GET_CRL, "the CRL of its CA is missing"},
    {X509_V_ERR_CRL_HAS_EXPIRED, "the CRL of its CA has expired"},
    {X509_V_ERR_CRL_NOT_YET_VALID, "the CRL of its CA is not yet valid"},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, "the CRL of its CA is not signed by that CA"},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, "the CRL of its CA is not signed by that CA"},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, "the issuer of its CRL is missing"},
    {X509_V_ERR_CRL_PATH_VALIDATION_ERROR, "the issuer of its CRL is not trusted"},
    {X509_V_ERR_DIFFERENT_CRL_SCOPE, "the CRL of its CA is for other certificates"},
    {X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
     "the CRL has a critical extension that is not known"},
    {X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD, kCrlDate},
    {X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD, kCrlDate},
    {X509_V_ERR_SUBJECT_ISSUER_MISMATCH, kIdentifiers},
    {X509_V_ERR_AKID_SKID_MISMATCH, kIdentifiers},
    {X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH, kIdentifiers},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
     "it or a certificate of its chain has a critical extension that is not known"},
    {X509_V_ERR_INVALID_EXTENSION, "an extension of it or its chain cannot be read"},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, kPolicy},
    {X509_V_ERR_NO_EXPLICIT_POLICY, kPolicy},
    {X509_V_ERR_PERMITTED_VIOLATION, kConstraints},
    {X509_V_ERR_EXCLUDED_VIOLATION, kConstraints},
    {X509_V_ERR_SUBTREE_MINMAX, "its name constraints cannot be read"},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,
     "its name constraints are of a kind that is not known"},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, "its name constraints cannot be read"},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, "a name in it cannot be read"},
    {X509_V_ERR_HOSTNAME_MISMATCH, "it is for another host name"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "it is for another IP address"},
    {X509_V_ERR_EMAIL_MISMATCH, "it is for another e-mail address"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "its key is too short"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "the key of a CA of its chain is too short"},
    {X509_V_ERR_CA_MD_TOO_WEAK,
     "a CA of its chain is signed with a hash that is too weak, such as SHA-1"},
    {X509_V_ERR_EC_KEY_EXPLICIT_PARAMS,
     "a key of its chain has curve parameters instead of a named curve"},
    {X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM,
     "it or a certificate of its chain is signed by an algorithm that OpenSSL does not know"},
    {X509_V_ERR_OUT_OF_MEM, "there is not enough memory to verify it"},
};

}  // namespace

std::string verifyWords(int error) {
  const auto* const known =
      std::ranges::find(kWords, error, [](const auto& entry) { return entry.first; });
  if (known != std::end(kWords)) return std::string(known->second);
  return fmt::format("OpenSSL does not accept it or its chain ({})",
                     X509_verify_cert_error_string(error));
}

}  // namespace postern::tls
