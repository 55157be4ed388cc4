#include "tls/negotiated.h"

#include <fmt/core.h>
#include <openssl/ssl.h>

namespace postern::tls {
namespace {

std::string_view versionName(int version) {
  switch (version) {
    case TLS1_VERSION: return "TLS 1.0";
    case TLS1_1_VERSION: return "TLS 1.1";
    case TLS1_2_VERSION: return "TLS 1.2";
    default: return "TLS 1.3";
  }
}

}  // namespace

Negotiated negotiatedOf(const SSL* ssl) {
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl);
  if (cipher == nullptr) return {};
  return {versionName(SSL_version(ssl)), SSL_CIPHER_get_name(cipher), SSL_session_reused(ssl) == 1};
}

std::string describe(const Negotiated& negotiated) {
  return fmt::format("{}, {}", negotiated.version, negotiated.cipher);
}

}  // namespace postern::tls
