#include "tls/verify_words.h"

#include <gmock/gmock.h>
#include <openssl/x509_vfy.h>

namespace postern::tls {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Errors that a peer's certificate can cause: of its chain, names and dates, and of CRLs.
constexpr int kOfCertificates[] = {
    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
    X509_V_ERR_UNABLE_TO_GET_CRL,
    X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE,
    X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY,
    X509_V_ERR_CERT_SIGNATURE_FAILURE,
    X509_V_ERR_CRL_SIGNATURE_FAILURE,
    X509_V_ERR_CERT_NOT_YET_VALID,
    X509_V_ERR_CERT_HAS_EXPIRED,
    X509_V_ERR_CRL_HAS_EXPIRED,
    X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
    X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
    X509_V_ERR_CERT_CHAIN_TOO_LONG,
    X509_V_ERR_CERT_REVOKED,
    X509_V_ERR_INVALID_CA,
    X509_V_ERR_PATH_LENGTH_EXCEEDED,
    X509_V_ERR_INVALID_PURPOSE,
    X509_V_ERR_CERT_UNTRUSTED,
    X509_V_ERR_CERT_REJECTED,
    X509_V_ERR_AKID_SKID_MISMATCH,
    X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
    X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
    X509_V_ERR_PERMITTED_VIOLATION,
    X509_V_ERR_EXCLUDED_VIOLATION,
    X509_V_ERR_HOSTNAME_MISMATCH,
    X509_V_ERR_IP_ADDRESS_MISMATCH,
    X509_V_ERR_EE_KEY_TOO_SMALL,
    X509_V_ERR_CA_KEY_TOO_SMALL,
    X509_V_ERR_CA_MD_TOO_WEAK,
};

TEST(VerifyWordsTest, SaysInOurWordsWhatOpensslRefuses) {
  for (const int error : kOfCertificates) {
    SCOPED_TRACE(X509_verify_cert_error_string(error));
    const std::string words = verifyWords(error);
    EXPECT_THAT(words, Not(HasSubstr("OpenSSL")));
    EXPECT_THAT(words, Not(HasSubstr(X509_verify_cert_error_string(error))));
  }
}

TEST(VerifyWordsTest, PutsOpensslsTextInBracketsForTheRest) {
  EXPECT_EQ(verifyWords(X509_V_ERR_SUITE_B_INVALID_CURVE),
            std::string("OpenSSL does not accept it or its chain (") +
                X509_verify_cert_error_string(X509_V_ERR_SUITE_B_INVALID_CURVE) + ")");
}

}  // namespace
}  // namespace postern::tls
