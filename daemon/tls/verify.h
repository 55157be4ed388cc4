#pragma once

#include <openssl/ssl.h>

#include <string>

#include "config/target.h"

namespace postern::tls {

// How a server's certificate is judged. A pin stands in for chain and name, each of which is
// checked beside it when what it is checked against (ca_file, server_name) is given; dates
// always are. A SPIFFE ID stands in for the name. All false and no pin: verification is off.
struct Policy {
  std::string pin;  // 32 bytes, or empty
  bool check_chain = true;
  bool check_name = true;
  bool check_dates = true;
  std::string server_name;      // empty: the host of the url
  std::string spiffe_id;        // what the leaf must have in place of a name, or empty
  config::Path ca_file;         // as read; empty: the system's roots
  config::Path crl_file;        // only for messages
  bool system_roots = false;    // beside ca_file; only for messages
  config::Path absent_ca_file;  // where one was looked for in vain; only for messages
};

Policy policyOf(const config::Tls& config, bool ca_file_read);

// Makes every handshake of `context` follow `policy`, which must outlive the connections.
void enforce(const Policy& policy, SSL_CTX* context);
// Sets the name that `ssl` must prove (`host`, or the policy's server_name) and its SNI.
// False only when memory is out.
bool expectName(const Policy& policy, const std::string& host, SSL* ssl);
// Why the server's certificate was refused in the handshake of `ssl`; empty when it was not.
std::string refusalOf(SSL* ssl);

}  // namespace postern::tls
