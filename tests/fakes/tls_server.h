#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fakes/certificates.h"

namespace postern::testing {

// A listening TCP socket on a free port. Nobody accepts: clients connect and receive nothing. With
// a backlog of 0 the third client does not even connect.
class Listener {
 public:
  explicit Listener(const std::string& address = "127.0.0.1", int backlog = 64);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const { return fd_; }
  std::uint16_t port() const { return port_; }

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

// One connection of a TlsServer for the script of a test. Calls block; after the client has closed
// they do nothing.
class Peer {
 public:
  // Head and body (by Content-Length) of the next request; empty if the client has closed.
  std::string readRequest();
  // False if the client has closed.
  bool send(std::string_view bytes);
  void cut();    // ends TCP without close_notify
  void reset();  // the same by RST

  std::size_t number() const { return number_; }  // of this connection; 0 is the first
  // Requests a client certificate after the handshake, as Apache does for a location (TLS 1.3).
  // False if the client sends no certificate of client_authority, or does not support this.
  bool asksForCertificate();
  bool resumed() const { return SSL_session_reused(ssl_) == 1; }

  Peer(int fd, std::size_t number) : fd_(fd), number_(number) {}

 private:
  friend class TlsServer;

  SSL* ssl_ = nullptr;
  std::mutex mutex_;
  int fd_;  // -1 when closed; guarded by mutex_
  const std::size_t number_;
  std::function<void(const std::string&)> note_;
};

// An HTTPS server that runs its script on a thread for each connection. When the script returns,
// the connection is closed with close_notify. Stops when destroyed.
class TlsServer {
 public:
  struct Options {
    Identity identity;
    std::string address = "127.0.0.1";
    std::shared_ptr<Identity> client_authority;  // null: does not request a client certificate
    int max_version = TLS1_3_VERSION;
    // For client_authority: SSL_VERIFY_NONE requests no certificate in the handshake,
    // SSL_VERIFY_PEER accepts clients without one.
    int verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    std::string ciphers = {};  // up to TLS 1.2; empty: OpenSSL's default
  };
  using Script = std::function<void(Peer&)>;

  TlsServer(const Options& options, Script script);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::uint16_t port() const { return listener_.port(); }
  std::size_t connections() const;            // accepted so far
  std::vector<std::string> requests() const;  // read so far, of all connections
  std::size_t resumed() const;                // connections that resumed a session

 private:
  void accept();
  void serve(Peer& peer);

  const Script script_;
  Listener listener_;
  SSL_CTX* context_ = nullptr;
  mutable std::mutex mutex_;
  std::list<Peer>
      peers_;  // guarded by mutex_, as are the members below; the address of a peer is stable
  std::vector<std::thread> threads_;
  std::vector<std::string> requests_;
  std::size_t resumed_ = 0;
  std::thread acceptor_;
};

}  // namespace postern::testing
