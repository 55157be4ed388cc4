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

// The content of a CRL.
struct CrlSummary {
  std::string issuer;  // printable and short
  SystemTime last_update;
  std::optional<SystemTime> next_update;  // required by RFC 5280; older CAs omit it
  std::size_t revoked = 0;                // number of revoked certificates
};

// Whether its nextUpdate has passed.
bool expired(const CrlSummary& crl, SystemTime now);
// "the CRL of 'Test CA' in /tls/crl.pem"
std::string nameOf(const CrlSummary& crl, const config::Path& file);

// Makes each verification of `context` look up the peer's certificate, but not its issuers, in the
// CRLs of `pem`. Refuses a peer without a valid CRL of its issuer. Accepts an expired CRL here:
// connections are then refused until the file is replaced. Errors: Tls, with the file and what to
// do.
Result<std::vector<CrlSummary>> checkRevocation(std::string_view pem, const config::Path& file,
                                                SSL_CTX* context);

// The text for an X509_V_* error about the CRLs of `file`; empty for any other error. The text
// continues the name of the peer's certificate. `store` must be as the failed verification left it.
// `owner` needs a new certificate when its own is revoked.
std::string describeRevocation(int error, X509_STORE_CTX* store, const config::Path& file,
                               std::string_view owner);

}  // namespace postern::tls
