#pragma once

#include <openssl/types.h>

#include <string>
#include <string_view>

namespace postern::tls {

// What both sides of a connection have agreed on. Its texts live as long as the process.
struct Terms {
  std::string_view version;  // "TLS 1.3"; empty: nothing was agreed on
  std::string_view cipher;   // the suite, as OpenSSL calls it
  bool resumed = false;      // an earlier session, so that no certificate was shown again
};

// Allocates nothing.
Terms termsOf(const SSL* ssl);

// "TLS 1.3, TLS_AES_256_GCM_SHA384"
std::string describe(const Terms& terms);

}  // namespace postern::tls
