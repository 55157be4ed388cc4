#include "http/transport.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <optional>

namespace postern::http {
namespace {

// Size of a TLS record. Pieces are combined up to it, because each write makes a record.
constexpr std::size_t kRecord = 16U << 10;

// Go's crypto/tls, maxUselessRecords.
constexpr int kMostRecordsWithoutData = 16;

// OpenSSL calls it for the header of each record, among others.
void countRecord(int sent, int, int content_type, const void*, std::size_t, SSL*, void* count) {
  if (sent == 0 && content_type == SSL3_RT_HEADER) ++*static_cast<int*>(count);
}

bool wouldBlock(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

BufferSequence::BufferSequence(std::initializer_list<std::string_view> pieces) {
  assert(pieces.size() <= kMost);
  for (const auto piece : pieces) {
    if (!piece.empty()) pieces_[count_++] = piece;
  }
}

void BufferSequence::drop(std::size_t size) {
  while (size > 0) {
    auto& piece = pieces_[first_];
    const auto taken = std::min(size, piece.size());
    piece.remove_prefix(taken);
    size -= taken;
    if (piece.empty()) ++first_;
  }
}

// RFC 8446 section 5.1: type, version and length precede the content of the record.
int Transport::firstRecord() const {
  constexpr int kHeader = 5;
  constexpr int kMost = (16 << 10) + 256 + kHeader;
  std::array<unsigned char, kHeader> header{};
  const auto size = ::recv(socket_.number(), header.data(), header.size(), MSG_PEEK);
  if (size <= 0 || header[0] != SSL3_RT_HANDSHAKE) return 0;
  if (size < kHeader) return kHeader;
  return std::min(kMost, (header[3] << 8) + header[4] + kHeader);
}

void Transport::wakeAt(int size) const {
  ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVLOWAT, &size, sizeof(size));
}

bool Transport::secureWith(SSL_CTX& context) {
  ssl_.reset(SSL_new(&context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.number()) != 1) {
    ERR_clear_error();
    return false;
  }
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Otherwise SSL_read_ex() returns only when there is data, however many other records arrive.
  SSL_clear_mode(ssl_.get(), SSL_MODE_AUTO_RETRY);
  SSL_set_msg_callback(ssl_.get(), countRecord);
  SSL_set_msg_callback_arg(ssl_.get(), &records_without_data_);
  SSL_set_accept_state(ssl_.get());
  return true;
}

IoOutcome Transport::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    records_without_data_ = 0;
    return IoOutcome::Done;
  }
  plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  return sslOutcome(result);
}

IoOutcome Transport::sslOutcome(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  wants_write_ = error == SSL_ERROR_WANT_WRITE;
  if (wants_write_ || error == SSL_ERROR_WANT_READ) return IoOutcome::Blocked;
  return IoOutcome::End;
}

Transport::Received Transport::receive(std::span<char> room) {
  if (ssl_) {
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &size);
    if (result == 1) {
      records_without_data_ = 0;
      return {IoOutcome::Done, size};
    }
    const auto outcome = sslOutcome(result);
    return {records_without_data_ > kMostRecordsWithoutData ? IoOutcome::End : outcome};
  }
  while (true) {
    const auto size = ::recv(socket_.number(), room.data(), room.size(), 0);
    if (size > 0) return {IoOutcome::Done, static_cast<std::size_t>(size)};
    if (size < 0 && errno == EINTR) continue;
    wants_write_ = false;
    return {size < 0 && wouldBlock(errno) ? IoOutcome::Blocked : IoOutcome::End};
  }
}

IoOutcome Transport::sendSome(BufferSequence& pieces) {
  if (interrupt_) return IoOutcome::End;
  return ssl_ ? sendSecure(pieces) : sendPlain(pieces);
}

IoOutcome Transport::sendPlain(BufferSequence& pieces) {
  while (!pieces.empty()) {
    std::array<iovec, BufferSequence::kMost> vectors;
    msghdr message{};
    message.msg_iov = vectors.data();
    for (const auto piece : pieces.left()) {
      // sendmsg declares them as non-const, but does not write to them.
      vectors[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    const auto size = ::sendmsg(socket_.number(), &message, MSG_NOSIGNAL);
    if (size >= 0) {
      pieces.drop(static_cast<std::size_t>(size));
    } else if (wouldBlock(errno)) {
      wants_write_ = true;
      return IoOutcome::Blocked;
    } else if (errno != EINTR) {
      return IoOutcome::End;
    }
  }
  return IoOutcome::Done;
}

IoOutcome Transport::sendSecure(BufferSequence& pieces) {
  while (!pieces.empty()) {
    // OpenSSL requires the same bytes again for a record that it could not send.
    std::array<char, kRecord> record;
    std::size_t filled = 0;
    auto bytes = pieces.left().front();
    if (bytes.size() < kRecord && pieces.left().size() > 1) {
      for (const auto piece : pieces.left()) {
        const auto taken = std::min(piece.size(), record.size() - filled);
        std::copy_n(piece.data(), taken, record.data() + filled);
        filled += taken;
      }
      bytes = {record.data(), filled};
    }
    ERR_clear_error();
    std::size_t sent = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
    if (result != 1) return sslOutcome(result);
    pieces.drop(sent);
  }
  return IoOutcome::Done;
}

std::chrono::milliseconds Transport::waited() const {
  const SteadyTime::rep since = waiting_since_;
  SteadyTime::duration all(waited_.load());
  if (since != 0)
    all += std::chrono::steady_clock::now().time_since_epoch() - SteadyTime::duration(since);
  return std::chrono::duration_cast<std::chrono::milliseconds>(all);
}

bool Transport::peerGone() const {
  pollfd socket{socket_.number(), POLLRDHUP, 0};
  return ::poll(&socket, 1, 0) == 1;
}

void Transport::resetOnClose(bool on) {
  const ::linger value{on ? 1 : 0, 0};
  ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &value, sizeof(value));
}

void Transport::endSending() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    // OpenSSL reads nothing any longer, and unread bytes would reset the connection.
    dropTls();
  }
  ::shutdown(socket_.number(), SHUT_WR);
}

void Transport::endReading() const {
  ::shutdown(socket_.number(), SHUT_RD);
}

void Transport::endBoth() const {
  ::shutdown(socket_.number(), SHUT_RDWR);
}

}  // namespace postern::http
