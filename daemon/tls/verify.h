#pragma once

#include <openssl/ssl.h>

#include <string>

#include "config/target.h"

namespace postern::tls {

// How to check a server's certificate. A pin replaces the checks of chain and name; but each of
// them is also made when its configuration (ca_file, server_name) is set. Dates are always checked.
// A SPIFFE ID replaces the name. All false and no pin: verification is off.
struct VerifyPolicy {
  std::string pin;  // 32 bytes, or empty
  bool check_chain = true;
  bool check_name = true;
  bool check_dates = true;
  std::string server_name;      // empty: the host of the url
  std::string spiffe_id;        // SPIFFE ID that the leaf must have instead of a name, or empty
  config::Path ca_file;         // the file that was read; empty: the system's roots
  config::Path crl_file;        // only for messages
  bool system_roots = false;    // in addition to ca_file; only for messages
  config::Path absent_ca_file;  // the path of a missing CA file; only for messages
};

VerifyPolicy policyOf(const config::Tls& config, bool ca_file_read);

// Makes every handshake of `context` follow `policy`, which must outlive the connections.
void enforce(const VerifyPolicy& policy, SSL_CTX* context);
// Sets the name that `ssl` must prove (`host`, or the policy's server_name) and its SNI. False only
// when out of memory.
bool expectName(const VerifyPolicy& policy, const std::string& host, SSL* ssl);
// Why the server's certificate was refused in the handshake of `ssl`; empty when it was accepted.
std::string verifyErrorOf(SSL* ssl);

}  // namespace postern::tls
