#pragma once

#include <openssl/x509_vfy.h>

// Search for chains from a peer's certificate to a trusted one (RFC 5280, section 6; RFC 4158).
//
// OpenSSL 3.0 follows one issuer of each certificate, chosen by name and key identifier. It fails
// when that was the wrong one: one of two authorities with the same name, or an expired copy beside
// a current one. Go's crypto/x509 tries each. So does this search: it looks up issuers by name and
// signature among the peer's and the trusted certificates. It gives OpenSSL one whole path at a
// time, so that all checks of OpenSSL apply to the accepted path.
namespace postern::tls {

// Makes verifications with `store` follow the paths of verifyAnyChain(), and select each CRL by the
// key of its issuer if several have the same name. Call it before the first verification.
void searchChains(X509_STORE* store);

// Like X509_verify_cert() with each path in turn, those with valid dates first. Tries at most 100
// candidates and verifies at most 10 paths. Returns X509_V_OK or the error of the most promising
// path: the one with the fewest certificates outside of their dates, or the longest if none reaches
// a trusted certificate. `context` stays as that verification left it.
int verifyAnyChain(X509_STORE_CTX* context);

}  // namespace postern::tls
