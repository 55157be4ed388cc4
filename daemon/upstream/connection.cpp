#include "upstream/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/secret.h"

namespace postern::upstream {
namespace {

constexpr std::size_t kInputBlock = 64U << 10;
// Four whole records of TLS 1.3 (RFC 8446, 5.2: a head of 5 bytes, the type, and what AEAD adds),
// which hold one block, and the bytes by which OpenSSL aligns them. With other sizes every second
// recv(2) would bring nothing but the end of a record.
constexpr std::size_t kReadAhead = 4 * (5 + (16U << 10) + 1 + 16) + 3;

// Go's crypto/tls, maxUselessRecords.
constexpr int kMostRecordsWithoutData = 16;

// What poll(2) has to wait for before the call that failed with `why` is made again; 0: nothing.
short awaited(int why) {
  if (why == SSL_ERROR_WANT_READ) return POLLIN;
  if (why == SSL_ERROR_WANT_WRITE) return POLLOUT;
  return 0;
}

// The end of a TCP stream without close_notify, which OpenSSL 3 reports as a protocol error.
bool cut(int why) {
  return why == SSL_ERROR_SYSCALL ||
         (why == SSL_ERROR_SSL &&
          ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

}  // namespace

// Of each record its header comes by, and of each handshake message all of it (RFC 8446, section
// 4).
void Connection::Seen::note(int sent, int type, const void* bytes, std::size_t size) {
  if (sent != 0) return;
  if (type == SSL3_RT_HEADER) ++records;
  const auto* const message = static_cast<const unsigned char*>(bytes);
  if (type == SSL3_RT_HANDSHAKE && size > 0 && message[0] == SSL3_MT_CERTIFICATE_REQUEST)
    certificate_request = true;
}

Connection::Connection(const Peer& peer, Dialled dialled, std::atomic<std::size_t>& open)
    : host_(peer.host),
      name_(peer.authority + " (" + dialled.address.text() + ")"),
      material_(peer.material),
      open_(open),
      socket_(std::move(dialled.socket)),
      ssl_(material_->newConnection(socket_.number(), host_)) {
  ++open_;
  if (ssl_ == nullptr) return;
  // One recv(2) may bring several records; without this each costs two.
  SSL_set_read_ahead(ssl_, 1);
  SSL_set_default_read_buffer_len(ssl_, kReadAhead);
  // rest() does that; between two records it would only cost.
  SSL_clear_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
  // Else SSL_read_ex() returns only when there is data, however many other records there are.
  SSL_clear_mode(ssl_, SSL_MODE_AUTO_RETRY);
  SSL_set_msg_callback(
      ssl_, [](int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* seen) {
        static_cast<Seen*>(seen)->note(sent, type, bytes, size);
      });
  SSL_set_msg_callback_arg(ssl_, &seen_);
  if (peer.resume != nullptr) SSL_set_session(ssl_, peer.resume);
}

Connection::~Connection() {
  freeBuffer();
  if (ssl_ != nullptr) {
    ERR_clear_error();
    // Also keeps OpenSSL from marking the session as one that must not be resumed.
    if (!failed_) SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ERR_clear_error();
  }
  --open_;
}

Result<std::unique_ptr<Connection>> Connection::open(const Peer& peer,
                                                     std::atomic<std::size_t>& open,
                                                     Deadline deadline) {
  auto dialled = dial(peer.authority, peer.addresses, deadline);
  if (!dialled) return std::move(dialled).error();
  std::unique_ptr<Connection> connection(new Connection(peer, *std::move(dialled), open));
  if (connection->ssl_ == nullptr) {
    return Error{Fault::Tls, "no memory for a TLS connection to " + connection->name_, {}, {}};
  }
  auto done = connection->handshake(deadline, peer.offer);
  if (!done) return std::move(done).error();
  return connection;
}

Result<void> Connection::handshake(Deadline deadline, tls::Offer* offer) {
  auto done = shakeHands(deadline);
  terms_ = tls::termsOf(ssl_);
  if (offer != nullptr) *offer = tls::offerOf(ssl_, asksForClient());
  return done;
}

Result<void> Connection::shakeHands(Deadline deadline) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_);
    if (result == 1) {
      seen_.records = 0;
      return {};
    }
    const short events = awaited(SSL_get_error(ssl_, result));
    if (events == 0) {
      failed_ = true;
      return material_->explain(ssl_, result, host_);
    }
    if (!waitFor(socket_.number(), events, deadline)) {
      failed_ = true;
      return timeout("in the TLS handshake");
    }
  }
}

Result<void> Connection::write(std::string_view bytes, Deadline deadline) {
  asked_ = true;
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t sent = 0;
    const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &sent);
    if (result == 1) {
      bytes.remove_prefix(sent);
      continue;
    }
    const int why = SSL_get_error(ssl_, result);
    if (cut(why)) return {};
    const short events = awaited(why);
    if (events == 0) {
      failed_ = true;
      return material_->explain(ssl_, result, host_);
    }
    if (!waitFor(socket_.number(), events, deadline)) {
      failed_ = true;
      return timeout("while sending the request");
    }
  }
  return {};
}

Result<Connection::Block> Connection::read(Deadline deadline, std::string_view doing) {
  if (late_) return *std::exchange(late_, std::nullopt);
  // A peer that never pauses would else be read for ever: poll(2) is not asked then.
  if (remaining(deadline).count() == 0) return timeout(doing);
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(kInputBlock);
  if (std::exchange(asked_, false) && SSL_has_pending(ssl_) == 0 &&
      !waitFor(socket_.number(), POLLIN, deadline)) {
    return timeout(doing);
  }
  std::size_t filled = 0;
  ERR_clear_error();  // what goes on after a call of OpenSSL has left no error behind
  while (filled < kInputBlock) {
    std::size_t got = 0;
    const int records_before = seen_.records;
    const int result = SSL_read_ex(ssl_, buffer_.get() + filled, kInputBlock - filled, &got);
    if (result == 1) {
      seen_.records = 0;
      filled += got;
      used_ = std::max(used_, filled);
      if (SSL_has_pending(ssl_) == 0) break;
      continue;
    }
    const short events = awaited(SSL_get_error(ssl_, result));
    if (events == 0) {
      auto end = endOfStream(result);
      if (filled == 0) return end;
      late_ = std::move(end);
      break;
    }
    if (filled > 0) break;
    if (seen_.records > kMostRecordsWithoutData) {
      failed_ = true;
      return withRemedy(Fault::Tls, name_ + " sends TLS records without data",
                        "look at that service");
    }
    if (remaining(deadline).count() == 0) return timeout(doing);
    // The next record may have been read from the socket already.
    if (seen_.records != records_before) continue;
    if (!waitFor(socket_.number(), events, deadline)) return timeout(doing);
  }
  return Block{{buffer_.get(), filled}, End::None};
}

Result<Connection::Block> Connection::endOfStream(int result) {
  const int why = SSL_get_error(ssl_, result);
  if (why == SSL_ERROR_ZERO_RETURN) return Block{{}, End::Clean};
  failed_ = true;
  if (cut(why)) return Block{{}, End::Cut};
  return material_->explain(ssl_, result, host_);
}

// An answer may have held a token.
void Connection::freeBuffer() {
  if (buffer_) wipeBytes(buffer_.get(), std::exchange(used_, 0));
  buffer_.reset();
}

bool Connection::rest() {
  if (late_ || failed_ || SSL_has_pending(ssl_) != 0) return false;
  freeBuffer();
  SSL_free_buffers(ssl_);
  rests_since_ = std::chrono::steady_clock::now();
  return true;
}

bool Connection::quiet() const {
  char byte = 0;
  const auto got = recv(socket_.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::doubt(std::chrono::milliseconds patience) {
  const auto millis = static_cast<unsigned int>(patience.count());
  if (std::exchange(patience_, millis) == millis) return;
  setsockopt(socket_.number(), IPPROTO_TCP, TCP_USER_TIMEOUT, &millis, sizeof(millis));
}

std::chrono::steady_clock::duration Connection::restedFor() const {
  return std::chrono::steady_clock::now() - rests_since_;
}

SessionPtr Connection::session() const {
  SessionPtr session(SSL_get1_session(ssl_));
  if (session && SSL_SESSION_is_resumable(session.get()) == 0) session.reset();
  return session;
}

std::optional<tls::Summary> Connection::serverCertificate() const {
  return tls::Material::serverCertificate(ssl_);
}

Error Connection::timeout(std::string_view doing) const {
  return {Fault::Timeout, "timed out " + std::string(doing) + ": " + name_, {}, {}};
}

}  // namespace postern::upstream
