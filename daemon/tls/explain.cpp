#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <system_error>

#include "base/date.h"
#include "tls/certificate.h"
#include "tls/material.h"
#include "tls/verify.h"

namespace postern::tls {
namespace {

std::string versionText(config::TlsVersion version) {
  switch (version) {
    case config::TlsVersion::Tls10: return "TLS 1.0";
    case config::TlsVersion::Tls11: return "TLS 1.1";
    case config::TlsVersion::Tls12: return "TLS 1.2";
    case config::TlsVersion::Tls13: break;
  }
  return "TLS 1.3";
}

std::string tooOld(config::TlsVersion min_version) {
  return fmt::format("does not speak {} or later: update it, or set min_version lower",
                     versionText(min_version));
}

// Alerts of RFC 8446 section 6 and RFC 5246 section 7.2 that servers send about a client
// certificate, or because it is missing.
bool aboutClientCertificate(int alert) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

std::string alertText(int alert) {
  // OpenSSL 3.0 has no text for this alert.
  if (alert == SSL_AD_CERTIFICATE_REQUIRED) return "TLS alert: certificate required";
  return std::string("TLS alert: ") + SSL_alert_desc_string_long(alert);
}

// Errors of a TLS request to a server that speaks another protocol.
bool speaksOtherProtocol(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_RECORD_TYPE;
}

// Also if the handshake failed later. A refused certificate does not count.
bool showedCertificate(const SSL* ssl) {
  return SSL_get0_peer_certificate(ssl) != nullptr;
}

// What the failure is about, for callers that distinguish failures.
Detail detailOf(const SSL* ssl) {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  const int alert = reason - SSL_AD_REASON_OFFSET;
  if (alert == SSL_AD_NO_APPLICATION_PROTOCOL) return Detail::Http2Only;
  if (alert > 0 && aboutClientCertificate(alert) && showedCertificate(ssl))
    return Detail::ClientCertificate;
  return alert <= 0 && speaksOtherProtocol(reason) ? Detail::NotTls : Detail::None;
}

// SSL_is_init_finished() returns false after the first error.
bool shakenHands(const SSL* ssl) {
  char none = 0;
  return SSL_get_finished(ssl, &none, 0) > 0 && SSL_get_peer_finished(ssl, &none, 0) > 0;
}

bool closedByPeer(int error, int system_error, int reason) {
  return error == SSL_ERROR_ZERO_RETURN || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ||
         (error == SSL_ERROR_SYSCALL &&
          (system_error == 0 || system_error == ECONNRESET || system_error == EPIPE));
}

}  // namespace

std::string Material::describeRefusedClient(int alert) const {
  X509* const ours = SSL_CTX_get0_certificate(context_);
  const std::string which =
      fmt::format("refused our client certificate '{}' ({}): ", subjectOf(*ours), alertText(alert));
  const std::string file = config_.cert_file.string();
  if (alert == SSL_AD_CERTIFICATE_EXPIRED) {
    return fmt::format("{}it expires at {}: renew {}, or correct the server's clock", which,
                       rfc3339(client_->not_after), file);
  }
  if (alert == SSL_AD_CERTIFICATE_REVOKED)
    return fmt::format("{}it is revoked: issue {} again", which, file);
  if (X509_check_purpose(ours, X509_PURPOSE_SSL_CLIENT, 0) != 1) {
    return which + "it is not meant for clients: let its extended key usage allow clientAuth";
  }
  if (alert == SSL_AD_UNKNOWN_CA) {
    return fmt::format(
        "{}the server does not know the CA '{}' that signed it: let the server trust that CA, or "
        "put a certificate of a CA that it trusts, with its intermediates, into {}",
        which, issuerOf(*ours), file);
  }
  return fmt::format("{}put one that the server accepts into {}", which, file);
}

std::string Material::describeAlert(int alert, SSL* ssl) const {
  if (alert == SSL_AD_PROTOCOL_VERSION) return tooOld(config_.min_version);
  if (alert == SSL_AD_NO_APPLICATION_PROTOCOL) {
    return fmt::format(
        "does not speak HTTP/1.1, most likely only HTTP/2 ({}): let it serve HTTP/1.1 too, or "
        "give a port of it that does",
        alertText(alert));
  }
  if (alert == SSL_AD_HANDSHAKE_FAILURE && !showedCertificate(ssl)) {
    return fmt::format(
        "refused the handshake before it presented a certificate: no common cipher, curve or "
        "signature algorithm ({}): let it accept TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM or "
        "ChaCha20; see its log",
        alertText(alert));
  }
  if (alert == SSL_AD_UNRECOGNIZED_NAME) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    return fmt::format("does not serve the name {}: set server_name to one that it serves",
                       name != nullptr ? name : "it was asked for");
  }
  const bool have_client = client_.has_value();
  if (alert == SSL_AD_HANDSHAKE_FAILURE && have_client) {
    return fmt::format(
        "refused the handshake ({}): it accepts no cipher that we offer, or not our client "
        "certificate of {}: see its log",
        alertText(alert), config_.cert_file.string());
  }
  if (aboutClientCertificate(alert)) {
    if (have_client) return describeRefusedClient(alert);
    const std::string remedy =
        config_.cert_file.empty()
            ? "set cert_file and key_file"
            : fmt::format("add {} and {}", config_.cert_file.string(), config_.key_file.string());
    return fmt::format("{}{}): {}",
                       alert == SSL_AD_HANDSHAKE_FAILURE
                           ? "refused the handshake; most likely it requires a client certificate ("
                           : "requires a client certificate (",
                       alertText(alert), remedy);
  }
  return fmt::format("ended the handshake ({}): see its log", alertText(alert));
}

std::string Material::describeFailure(SSL* ssl, int error, int system_error) const {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  if (reason > SSL_AD_REASON_OFFSET) return describeAlert(reason - SSL_AD_REASON_OFFSET, ssl);
  if (speaksOtherProtocol(reason)) {
    return fmt::format(
        "speaks plain HTTP on this port, or another protocol without TLS ({}): give the port of "
        "its HTTPS",
        takeReason());
  }
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION) {
    return tooOld(config_.min_version);
  }
  const std::string moment = shakenHands(ssl) ? "after" : "in";
  if (closedByPeer(error, system_error, reason)) {
    return fmt::format(
        "closed the connection {} the handshake: see its log{}", moment,
        client_ ? "" : "; if it requires a client certificate, set cert_file and key_file");
  }
  if (error == SSL_ERROR_SYSCALL) {
    return fmt::format("connection failed {} the handshake: {}", moment,
                       std::generic_category().message(system_error));
  }
  return fmt::format("handshake failed ({}): see the server's log", takeReason());
}

Error Material::explain(SSL* ssl, int result, const std::string& host) const {
  const int system_error = errno;
  const int error = SSL_get_error(ssl, result);
  // After the handshake, a closed connection is not a TLS fault.
  const bool closed =
      shakenHands(ssl) && (error != SSL_ERROR_SSL ||
                           ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
  std::string what = verifyErrorOf(ssl);
  const Detail detail = what.empty() ? detailOf(ssl) : Detail::None;
  if (what.empty()) what = describeFailure(ssl, error, system_error);
  ERR_clear_error();
  Error failure = tlsError(fmt::format("{}: {}", host, what));
  failure.detail = detail;
  if (closed) failure.fault = Fault::Connect;
  return failure;
}

}  // namespace postern::tls
