#pragma once

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/target.h"

// Certificate revocation lists (RFC 5280, section 5).
namespace postern::tls {

// What a CRL says of itself.
struct CrlSummary {
  std::string issuer;  // printable and short
  SystemTime last_update;
  std::optional<SystemTime> next_update;  // RFC 5280 demands one, older CAs leave it out
  std::size_t revoked = 0;                // certificates
};

// Whether its nextUpdate has passed.
bool expired(const CrlSummary& crl, SystemTime now);
// "the CRL of 'Test CA' in /tls/crl.pem"
std::string nameOf(const CrlSummary& crl, const config::Path& file);

// Makes each verification of `context` look for the peer's certificate, not for those of its
// issuers, in the CRLs of `pem`. Without a valid CRL of its issuer the peer is refused. A CRL that
// has expired is accepted here: connections are refused until the file is replaced. Errors: Tls,
// naming the file and what to do.
Result<std::vector<CrlSummary>> checkRevocation(std::string_view pem, const config::Path& file,
                                                SSL_CTX* context);

// The text for an X509_V_* error about the CRLs of `file`, which continues after the name of
// the peer's certificate; empty for any other error. `store` is as the failed verification left it.
// `owner` needs a new certificate when its own is revoked.
std::string describeRevocation(int error, X509_STORE_CTX* store, const config::Path& file,
                               std::string_view owner);

}  // namespace postern::tls
