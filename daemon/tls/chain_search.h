#pragma once

#include <openssl/x509_vfy.h>

// Chains of certificates from a peer's to a trusted one (RFC 5280, section 6; RFC 4158).
//
// OpenSSL 3.0 follows one issuer of each certificate, chosen by name and key identifier, and fails
// when that was the wrong one: of two authorities with one name, or of an expired and a current
// copy. Go's crypto/x509 tries each. So does this search: it looks for issuers by name and
// signature in what the peer sent and in what is trusted, and hands OpenSSL one whole path at a
// time, so that all of OpenSSL's checks hold for the path that is accepted.
namespace postern::tls {

// Makes verifications with `store` follow the paths of verifyAnyChain(), and take each CRL by the
// key of its issuer where several of one name are there. Call it before the first verification.
void searchChains(X509_STORE* store);

// As X509_verify_cert() with each path in turn, those with valid dates first; at most 100
// candidates are tried and 10 paths verified. Returns X509_V_OK or the error of the most promising
// path: the one with the fewest certificates outside of their dates, or the longest when none
// reaches a trusted certificate. `context` is then as that verification left it.
int verifyAnyChain(X509_STORE_CTX* context);

}  // namespace postern::tls
