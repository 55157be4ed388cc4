#pragma once

#include <openssl/types.h>

#include <string>
#include <string_view>

namespace postern::tls {

// The negotiated parameters of a connection. The texts are static.
struct Negotiated {
  std::string_view version;  // "TLS 1.3"; empty: nothing was negotiated
  std::string_view cipher;   // the cipher suite, by OpenSSL's name
  bool resumed = false;      // an earlier session was resumed, so no certificate was sent
};

// Allocates nothing.
Negotiated negotiatedOf(const SSL* ssl);

// "TLS 1.3, TLS_AES_256_GCM_SHA384"
std::string describe(const Negotiated& negotiated);

}  // namespace postern::tls
