#include "fakes/tls_server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <stdexcept>

namespace postern::testing {
namespace {

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

// The length of the body by its head, in the spelling of postern's own requests.
std::size_t contentLength(std::string_view head) {
  constexpr std::string_view kField = "\r\nContent-Length: ";
  const auto at = head.find(kField);
  std::size_t length = 0;
  if (at != std::string_view::npos) {
    const char* digits = head.data() + at + kField.size();
    std::from_chars(digits, head.data() + head.size(), length);
  }
  return length;
}

}  // namespace

Listener::Listener(const std::string& address, int backlog) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  require(getaddrinfo(address.c_str(), "0", &hints, &list) == 0, "no address to listen on");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  fd_ = ::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(bind(fd_, list->ai_addr, list->ai_addrlen) == 0, "cannot bind");
  require(listen(fd_, backlog) == 0, "cannot listen");
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  require(getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &size) == 0, "no port");
  char port[NI_MAXSERV];
  getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, nullptr, 0, port, sizeof(port),
              NI_NUMERICSERV);
  port_ = static_cast<std::uint16_t>(std::stoi(port));
}

Listener::~Listener() {
  close(fd_);
}

std::string Peer::readRequest() {
  std::string request;
  std::size_t wanted = std::string::npos;
  char buffer[4096];
  while (request.size() < wanted) {
    const int got = SSL_read(ssl_, buffer, sizeof(buffer));
    if (got <= 0) return "";
    request.append(buffer, static_cast<std::size_t>(got));
    const auto end = request.find("\r\n\r\n");
    if (end != std::string::npos) wanted = end + 4 + contentLength(request);
  }
  note_(request);
  return request;
}

bool Peer::send(std::string_view bytes) {
  return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

bool Peer::asksForCertificate() {
  SSL_set_verify(ssl_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_verify_client_post_handshake(ssl_) != 1 || SSL_do_handshake(ssl_) != 1) return false;
  // One call handles the whole answer of the client, and returns when no data follows.
  SSL_clear_mode(ssl_, SSL_MODE_AUTO_RETRY);
  char none = 0;
  SSL_peek(ssl_, &none, 1);
  SSL_set_mode(ssl_, SSL_MODE_AUTO_RETRY);
  return SSL_get0_peer_certificate(ssl_) != nullptr && SSL_get_verify_result(ssl_) == X509_V_OK;
}

void Peer::cut() {
  const std::lock_guard lock(mutex_);
  SSL_set_quiet_shutdown(ssl_, 1);
  shutdown(fd_, SHUT_RDWR);
}

void Peer::reset() {
  const std::lock_guard lock(mutex_);
  SSL_set_quiet_shutdown(ssl_, 1);
  const linger at_once{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(fd_);
  fd_ = -1;
}

TlsServer::TlsServer(const Options& options, Script script)
    : script_(std::move(script)),
      listener_(options.address),
      context_(SSL_CTX_new(TLS_server_method())) {
  std::signal(SIGPIPE, SIG_IGN);
  require(SSL_CTX_use_certificate(context_, options.identity.x509()) == 1, "no certificate");
  require(SSL_CTX_use_PrivateKey(context_, options.identity.privateKey()) == 1, "no key");
  SSL_CTX_set_max_proto_version(context_, options.max_version);
  SSL_CTX_set_session_id_context(context_, reinterpret_cast<const unsigned char*>("test"), 4);
  if (options.client_authority) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), options.client_authority->x509());
    SSL_CTX_set_verify(context_, options.verify, nullptr);
  }
  if (!options.ciphers.empty())
    require(SSL_CTX_set_cipher_list(context_, options.ciphers.c_str()) == 1, "no cipher");
  acceptor_ = std::thread([this] { accept(); });
}

TlsServer::~TlsServer() {
  shutdown(listener_.fd(), SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (Peer& peer : peers_) {
      const std::lock_guard peer_lock(peer.mutex_);
      if (peer.fd_ >= 0) shutdown(peer.fd_, SHUT_RDWR);
    }
  }
  for (std::thread& thread : threads_) thread.join();
  SSL_CTX_free(context_);
}

void TlsServer::accept() {
  for (;;) {
    const int fd = accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_.emplace_back(fd, peers_.size());
    threads_.emplace_back([this, &peer] { serve(peer); });
  }
}

void TlsServer::serve(Peer& peer) {
  peer.note_ = [this](const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  };
  peer.ssl_ = SSL_new(context_);
  SSL_set_fd(peer.ssl_, peer.fd_);
  if (SSL_accept(peer.ssl_) == 1) {
    {
      const std::lock_guard lock(mutex_);
      if (peer.resumed()) ++resumed_;
    }
    script_(peer);
    SSL_shutdown(peer.ssl_);
  }
  SSL_free(peer.ssl_);
  const std::lock_guard lock(peer.mutex_);
  if (peer.fd_ >= 0) close(peer.fd_);
  peer.fd_ = -1;
}

std::size_t TlsServer::connections() const {
  const std::lock_guard lock(mutex_);
  return peers_.size();
}

std::vector<std::string> TlsServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t TlsServer::resumed() const {
  const std::lock_guard lock(mutex_);
  return resumed_;
}

}  // namespace postern::testing
