#include "unit/tls/handshake.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace postern::tls {
namespace {

class SocketPair {
 public:
  SocketPair() {
    std::signal(SIGPIPE, SIG_IGN);
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) != 0) {
      throw std::runtime_error("socketpair");
    }
  }
  ~SocketPair() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  int client() const { return ends_[0]; }
  int server() const { return ends_[1]; }
  void stopServer() const { ::shutdown(ends_[1], SHUT_WR); }

 private:
  std::array<int, 2> ends_{};
};

using Connection = std::unique_ptr<SSL, decltype(&SSL_free)>;

bool wantsMore(SSL* ssl, int result) {
  const int error = SSL_get_error(ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

// Whether the server can still send something.
bool stepServer(SSL* ssl, bool greets, bool& greeted) {
  ERR_clear_error();
  const int accepted = SSL_accept(ssl);
  if (accepted != 1) return wantsMore(ssl, accepted);
  if (!greets) return false;
  if (!greeted) greeted = SSL_write(ssl, "x", 1) == 1;
  return true;
}

struct Step {
  bool done = false;
  std::optional<Error> error;
};

Step stepClient(const Material& material, SSL* ssl, const std::string& host) {
  char byte = 0;
  ERR_clear_error();
  errno = 0;
  const int result = SSL_is_init_finished(ssl) == 1 ? SSL_read(ssl, &byte, 1) : SSL_connect(ssl);
  if (result == 1) return {byte != 0, {}};
  if (wantsMore(ssl, result)) return {};
  return {true, material.explain(ssl, result, host)};
}

}  // namespace

Server::Server() : context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {}

Server::Server(const testing::Identity& identity) : Server() {
  SSL_CTX_use_certificate(context.get(), identity.x509());
  SSL_CTX_use_PrivateKey(context.get(), identity.privateKey());
  SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
}

Server& Server::sends(const testing::Identity& intermediate) {
  SSL_CTX_add1_chain_cert(context.get(), intermediate.x509());
  return *this;
}

Server& Server::requiresClientsOf(const testing::Identity& authority) {
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority.x509());
  return *this;
}

Server& Server::shows(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str());
  SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM);
  return *this;
}

Server& Server::requiresClientsOf(const std::filesystem::path& authority) {
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_load_verify_file(context.get(), authority.c_str());
  return *this;
}

Server& Server::speaks(int min_version, int max_version) {
  SSL_CTX_set_min_proto_version(context.get(), min_version);
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  if (min_version < TLS1_2_VERSION) {
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  }
  return *this;
}

Server& Server::hangsUp() {
  greets = false;
  return *this;
}

Outcome shakeHands(const Material& material, const Server& server, const std::string& host) {
  const SocketPair sockets;
  const Connection client(material.newConnection(sockets.client(), host), SSL_free);
  const Connection peer(SSL_new(server.context.get()), SSL_free);
  SSL_set_fd(peer.get(), sockets.server());
  SSL_set_accept_state(peer.get());

  Step step;
  bool greeted = false;
  while (!(step = stepClient(material, client.get(), host)).done) {
    if (!stepServer(peer.get(), server.greets, greeted)) sockets.stopServer();
  }
  const char* const sni = SSL_get_servername(peer.get(), TLSEXT_NAMETYPE_host_name);
  return {step.error, Material::serverCertificate(client.get()), sni != nullptr ? sni : "",
          negotiatedOf(client.get())};
}

Outcome shakeHandsWithBytes(const Material& material, std::string_view bytes,
                            const std::string& host) {
  const SocketPair sockets;
  const Connection client(material.newConnection(sockets.client(), host), SSL_free);
  if (::write(sockets.server(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("write");
  }
  sockets.stopServer();

  Step step;
  while (!(step = stepClient(material, client.get(), host)).done) {
  }
  return {step.error, {}, {}, {}};
}

}  // namespace postern::tls
