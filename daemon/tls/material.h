#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/target.h"
#include "tls/revocation.h"

namespace postern::tls {

struct TlsFiles;
struct VerifyPolicy;

struct Validity {
  SystemTime not_before;
  SystemTime not_after;
};

// A certificate, described for people: printable and short.
struct Summary {
  std::string subject;  // the common name, else the whole name
  std::string names;    // names that it is valid for: "a, b and 3 more"
  std::string issuer;
  Validity validity;
};

// Key, chain and CA of one target, loaded together and checked, with their SSL_CTX. Immutable after
// load() and shared between threads. Connections keep theirs alive.
class Material {
 public:
  // Reads every file, then checks that it is PEM, not DER or empty, that the password opens the
  // key, that the pair matches, and the dates of the client chain. Errors: Tls, with the file and
  // what to do.
  static Result<std::shared_ptr<const Material>> load(const config::Tls& config, SystemTime now);
  ~Material();
  Material(const Material&) = delete;
  Material& operator=(const Material&) = delete;

  // A client connection on `fd` (not owned) with SNI, name check and pin. `host` is the host of the
  // target's url, in its spelling. The caller does the handshake and frees the result with
  // SSL_free. Null only when out of memory.
  SSL* newConnection(int fd, const std::string& host) const;

  // Why SSL_connect, or the first SSL_read after it, failed: which check, and how to fix it.
  // `result` is the return value of the SSL call. Reads the thread's OpenSSL error queue, so call
  // it immediately, and empty the queue (ERR_clear_error) before the SSL call. Returns Tls, or
  // Connect when the peer closed a connection after the handshake. Requires that SIGPIPE is
  // ignored.
  Error explain(SSL* ssl, int result, const std::string& host) const;

  // The earliest expiry (and its not_before) of the client chain, and of the CA file. Not set
  // without such a file.
  const std::optional<Validity>& clientValidity() const { return client_; }
  const std::optional<Validity>& caValidity() const { return ca_; }
  // The first five certificates of these files, in their order.
  const std::vector<Summary>& clientChain() const { return client_chain_; }
  const std::vector<Summary>& authorities() const { return authorities_; }
  // The CRLs of the file, in its order. With CRLs each connection needs a full handshake, because a
  // resumed one shows no certificate to look up.
  const std::vector<CrlSummary>& crls() const { return crls_; }
  // Problems in valid files that are probably mistakes. Each names its file and what to do.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // The certificate that the server showed in a finished handshake.
  static std::optional<Summary> serverCertificate(SSL* ssl);
  bool verificationDisabled() const { return config_.insecure_skip_verify; }

 private:
  explicit Material(config::Tls config);

  Result<void> makeContext();
  Result<void> takeAuthorities(const TlsFiles& files);
  Result<void> takeClient(const TlsFiles& files, SystemTime now);
  std::string describeAlert(int alert, SSL* ssl) const;
  std::string describeRefusedClient(int alert) const;
  std::string describeFailure(SSL* ssl, int error, int system_error) const;

  config::Tls config_;
  SSL_CTX* context_ = nullptr;
  std::unique_ptr<const VerifyPolicy> policy_;  // how to check the server; context_ points to it
  std::optional<Validity> client_;
  std::optional<Validity> ca_;
  std::vector<Summary> client_chain_;
  std::vector<Summary> authorities_;
  std::vector<CrlSummary> crls_;
  std::vector<std::string> warnings_;
};

}  // namespace postern::tls
