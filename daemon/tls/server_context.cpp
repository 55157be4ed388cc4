#include "tls/server_context.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/date.h"
#include "tls/certificate.h"
#include "tls/client_check.h"
#include "tls/context.h"
#include "tls/files.h"
#include "tls/pem.h"
#include "tls/revocation.h"

namespace postern::tls {
namespace {

constexpr std::string_view kSuites = "ECDHE+AESGCM:ECDHE+CHACHA20";
// Suites of TLS 1.0 and 1.1: no AEAD, and signatures that OpenSSL 3 considers too weak.
constexpr std::string_view kOldSuites = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";
constexpr std::string_view kAllowOld = ":@SECLEVEL=0";
// Go's groups. OpenSSL's default includes Diffie-Hellman groups of up to 8192 bits, which cost the
// server many times what they cost the client.
constexpr std::string_view kGroups = "X25519:P-256:P-384:P-521";
constexpr long kLargestClientChain = 32L << 10;  // bytes; OpenSSL's own bound is 100 KiB

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ":") + name;
  return text;
}

// Only HTTP/1.1 is spoken. A client without ALPN gets no ALPN answer.
int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* size,
                   const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr std::string_view kHttp = "http/1.1";
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
  while (!rest.empty()) {
    const auto length = static_cast<unsigned char>(rest[0]);
    if (rest.substr(1, length) == kHttp) {
      *chosen = reinterpret_cast<const unsigned char*>(kHttp.data());
      *size = static_cast<unsigned char>(kHttp.size());
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min<std::size_t>(length + 1U, rest.size()));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Null only when out of memory.
std::shared_ptr<SSL_CTX> makeContext() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return context;
  SSL_CTX* const raw = context.get();
  // HTTP's own framing detects a truncated request, so a close without close_notify is a normal
  // end.
  SSL_CTX_set_options(
      raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  // Sessions are never resumed. So each connection proves its certificate against the current
  // configuration, and a stolen ticket key opens nothing. Scrapers keep their connections anyway.
  SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(raw, kLargestClientChain);
  SSL_CTX_set_alpn_select_cb(raw, chooseProtocol, nullptr);
  return context;
}

Result<void> choose(const config::TlsServer& config, SSL_CTX* context) {
  const bool old = config.min_version < config::TlsVersion::Tls12;
  std::string suites = joined(config.cipher_suites);
  if (suites.empty()) suites = old ? kOldSuites : kSuites;
  if (old) suites += kAllowOld;
  const std::string groups =
      config.curve_preferences.empty() ? std::string(kGroups) : joined(config.curve_preferences);
  if (SSL_CTX_set_min_proto_version(context, protocolOf(config.min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(context, protocolOf(config.max_version)) != 1 ||
      SSL_CTX_set_cipher_list(context, suites.c_str()) != 1 ||
      SSL_CTX_set1_groups_list(context, groups.c_str()) != 1) {
    return tlsError(
        fmt::format("tls_server_config: OpenSSL does not support the versions, suites or curves "
                    "({}): leave them out for the defaults",
                    takeReason()));
  }
  if (config.prefer_server_cipher_suites) {
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    // A client whose processor lacks AES prefers ChaCha20 in its order.
    if (config.cipher_suites.empty()) SSL_CTX_set_options(context, SSL_OP_PRIORITIZE_CHACHA);
  }
  return {};
}

void warnOf(const Bundle& bundle, const config::Path& file, SystemTime now,
            std::vector<std::string>& warnings) {
  for (const auto& certificate : bundle.chain) {
    const Validity validity = validityOf(*certificate);
    const std::string which =
        fmt::format("{}: certificate '{}' ", file.string(), subjectOf(*certificate));
    if (now > validity.not_after) {
      warnings.push_back(fmt::format("{}expired at {}, clients will refuse it: renew it", which,
                                     rfc3339(validity.not_after)));
    } else if (now < validity.not_before) {
      warnings.push_back(fmt::format("{}is not valid before {}, clients will refuse it until then",
                                     which, rfc3339(validity.not_before)));
    }
  }
  X509* const leaf = bundle.chain.front().get();
  if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1) {
    warnings.push_back(
        fmt::format("{}: certificate '{}' is not one for servers, clients will refuse it: issue "
                    "one with the extended key usage serverAuth",
                    file.string(), subjectOf(*leaf)));
  }
  warnings.insert(warnings.end(), bundle.warnings.begin(), bundle.warnings.end());
}

// A name for a value in the configuration itself.
config::Path nameOf(const config::Path& file, const char* key) {
  return file.empty() ? config::Path("tls_server_config." + std::string(key)) : file;
}

Result<void> takePair(const config::TlsServer& config, const TlsFiles& files,
                      const config::Path& password_file, SystemTime now, ServerContext& loaded) {
  const auto cert_name = nameOf(config.cert_file, "cert");
  const auto key_name = nameOf(config.key_file, "key");
  const Secret inline_cert(config.cert);
  TRY(const auto pair,
      parsePair({files.cert ? *files.cert : inline_cert, files.key ? *files.key : config.key,
                 files.password, cert_name, key_name, password_file, "server"},
                now));
  TRY_VOID(show(pair, cert_name, loaded.context.get()));
  warnOf(pair, cert_name, now, loaded.warnings);
  loaded.server = earliestOf(pair.chain);
  return {};
}

Result<void> takeAuthorities(const config::TlsServer& config, const TlsFiles& files,
                             ServerContext& loaded) {
  SSL_CTX* const context = loaded.context.get();
  if (!files.ca && config.client_ca.empty()) {
    return config::verifies(config.client_auth) ? trustSystem("client_ca_file", context)
                                                : Result<void>();
  }
  const auto name = nameOf(config.client_ca_file, "client_ca");
  TRY(const auto authorities,
      parseCertificates(files.ca ? files.ca->reveal() : std::string_view(config.client_ca), name));
  TRY_VOID(trust(authorities, name, context));
  // Tells clients with several certificates which one to send.
  for (const auto& authority : authorities) SSL_CTX_add_client_CA(context, authority.get());
  loaded.client_ca = earliestOf(authorities);
  return {};
}

Result<void> takeCrls(const config::TlsServer& config, const TlsFiles& files, SystemTime now,
                      ServerContext& loaded) {
  if (!files.crl) return {};
  TRY(const auto crls, checkRevocation(files.crl->reveal(), config.crl_file, loaded.context.get()));
  for (const auto& crl : crls) {
    if (!expired(crl, now)) continue;
    loaded.warnings.push_back(
        fmt::format("{} expired at {}, certificates of this CA are refused: replace it by the one "
                    "that this CA publishes now",
                    nameOf(crl, config.crl_file), rfc3339(*crl.next_update)));
  }
  return {};
}

}  // namespace

config::Tls filesOf(const config::TlsServer& config, const config::Path& key_password_file) {
  config::Tls files;
  files.ca_file = config.client_ca_file;
  files.crl_file = config.crl_file;
  files.cert_file = config.cert_file;
  files.key_file = config.key_file;
  files.key_password_file = key_password_file;
  return files;
}

Result<ServerContext> loadServerContext(const config::TlsServer& config,
                                        const config::Path& key_password_file, SystemTime now) {
  ServerContext loaded;
  loaded.context = makeContext();
  if (!loaded.context)
    return tlsError(fmt::format("no TLS context can be made ({})", takeReason()));
  TRY_VOID(choose(config, loaded.context.get()));
  TRY(const auto files, readWhole(filesOf(config, key_password_file)));
  TRY_VOID(takePair(config, files, key_password_file, now, loaded));
  TRY_VOID(takeAuthorities(config, files, loaded));
  TRY_VOID(takeCrls(config, files, now, loaded));
  if (!checkClients(config, loaded.context.get())) return tlsError("no TLS context: no memory");
  ERR_clear_error();
  return loaded;
}

std::shared_ptr<SSL_CTX> makeClosedContext() {
  auto context = makeContext();
  // A null context would mean plain HTTP. It is safer to end the daemon than to serve without TLS.
  if (!context) std::abort();
  return context;
}

}  // namespace postern::tls
