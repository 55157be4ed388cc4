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

struct Files;
struct Policy;

struct Validity {
  SystemTime not_before;
  SystemTime not_after;
};

// What a certificate says of itself, for people: printable and short.
struct Summary {
  std::string subject;  // the common name, or the whole name when it has none
  std::string names;    // that it is valid for: "a, b and 3 more"
  std::string issuer;
  Validity validity;
};

// Key, chain and CA of one target, loaded whole and checked, with the SSL_CTX made of
// them. Immutable after load() and shared between threads; connections keep theirs alive.
class Material {
 public:
  // Reads every file, then checks: PEM and not DER or empty, the key's password, pair match,
  // dates of the client chain. Errors: Tls, naming the file and what to do.
  static Result<std::shared_ptr<const Material>> load(const config::Tls& config, SystemTime now);
  ~Material();
  Material(const Material&) = delete;
  Material& operator=(const Material&) = delete;

  // A client connection on `fd` (not owned) to `host` as the target's url writes it, with SNI,
  // name check and pin set; the caller does the handshake and frees it with SSL_free.
  // Null only when memory is out.
  SSL* newConnection(int fd, const std::string& host) const;

  // Why SSL_connect, or the first SSL_read after it, failed: which check, and how to mend it.
  // `result` is what the SSL call returned; reads the thread's OpenSSL error queue, so call it at
  // once, and have the queue empty (ERR_clear_error) before the SSL call. Tls; Connect when the
  // peer closed a connection whose handshake was over. Needs SIGPIPE ignored.
  Error explain(SSL* ssl, int result, const std::string& host) const;

  // The earliest expiry (and its not_before) of the client chain, and of the CA file; none when
  // there is no such file.
  const std::optional<Validity>& clientValidity() const { return client_; }
  const std::optional<Validity>& caValidity() const { return ca_; }
  // The certificates of these files in their order, the first five of them.
  const std::vector<Summary>& clientChain() const { return client_chain_; }
  const std::vector<Summary>& authorities() const { return authorities_; }
  // The CRLs of the file, in its order. Each connection needs a full handshake when there is one:
  // a resumed one shows no certificate that could be looked for in it.
  const std::vector<CrlSummary>& crls() const { return crls_; }
  // What is valid in the files, and can hardly be meant: each names its file and what to do.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // Of the certificate that the server showed in a finished handshake.
  static std::optional<Summary> serverCertificate(SSL* ssl);
  bool verificationDisabled() const { return config_.insecure_skip_verify; }

 private:
  explicit Material(config::Tls config);

  Result<void> makeContext();
  Result<void> takeAuthorities(const Files& files);
  Result<void> takeClient(const Files& files, SystemTime now);
  std::string describeAlert(int alert, SSL* ssl) const;
  std::string describeRefusedClient(int alert) const;
  std::string describeFailure(SSL* ssl, int error, int system_error) const;

  config::Tls config_;
  SSL_CTX* context_ = nullptr;
  std::unique_ptr<const Policy> policy_;  // how the server is judged; context_ points to it
  std::optional<Validity> client_;
  std::optional<Validity> ca_;
  std::vector<Summary> client_chain_;
  std::vector<Summary> authorities_;
  std::vector<CrlSummary> crls_;
  std::vector<std::string> warnings_;
};

}  // namespace postern::tls
