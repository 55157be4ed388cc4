#include "http/wire.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <optional>

namespace postern::http {
namespace {

// A peer that was refused may still send this much, for this long.
constexpr std::size_t kLingerBytes = 256U << 10;
constexpr std::chrono::milliseconds kLingerTime{1000};

Wire::Received received(ssize_t size) {
  if (size > 0) return {Wire::Outcome::Data, static_cast<std::size_t>(size)};
  const bool timed_out = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  return {timed_out ? Wire::Outcome::TimedOut : Wire::Outcome::End};
}

timeval toTimeval(std::chrono::milliseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const auto rest = std::chrono::microseconds(duration - seconds);
  // Zero would mean for ever.
  return {seconds.count(), duration.count() > 0 ? rest.count() : 1};
}

// The pieces that are left to send.
class Pieces {
 public:
  explicit Pieces(std::initializer_list<std::string_view> pieces) {
    assert(pieces.size() <= Wire::kMaxPieces);
    for (const auto piece : pieces) {
      if (piece.empty()) continue;
      // sendmsg does not write to them, it is only declared so.
      vectors_[count_++] = {const_cast<char*>(piece.data()), piece.size()};
    }
  }

  bool empty() const { return first_ == count_; }
  msghdr message() {
    msghdr header{};
    header.msg_iov = vectors_.data() + first_;
    header.msg_iovlen = count_ - first_;
    return header;
  }
  void sent(std::size_t size) {
    while (size > 0) {
      auto& vector = vectors_[first_];
      if (size < vector.iov_len) {
        vector.iov_base = static_cast<char*>(vector.iov_base) + size;
        vector.iov_len -= size;
        return;
      }
      size -= vector.iov_len;
      ++first_;
    }
  }

 private:
  std::array<iovec, Wire::kMaxPieces> vectors_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace

bool Wire::waitFor(short events, Deadline deadline) const {
  while (true) {
    std::array<pollfd, 2> waiting{{{descriptor_, events, 0}, {interrupt_.descriptor(), POLLIN, 0}}};
    const auto left = remaining(deadline);
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
    if (ready > 0) return waiting[1].revents == 0;
    if (ready == 0 && left.count() == 0) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Wire::Received Wire::receiveFirst(std::span<char> room, std::chrono::milliseconds timeout) {
  if (!has_receive_timeout_) {
    const timeval value = toTimeval(timeout);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value));
    has_receive_timeout_ = true;
  }
  ssize_t size = 0;
  do {
    size = ::recv(descriptor_, room.data(), room.size(), 0);
  } while (size < 0 && errno == EINTR);
  return received(size);
}

Wire::Received Wire::receive(std::span<char> room, Deadline deadline) {
  while (true) {
    if (!waitFor(POLLIN, deadline)) return {Outcome::TimedOut};
    const auto size = ::recv(descriptor_, room.data(), room.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
    return received(size);
  }
}

bool Wire::send(std::initializer_list<std::string_view> all) {
  Pieces pieces(all);
  std::optional<Deadline> deadline;  // the clock is asked only when the socket is full
  while (!pieces.empty()) {
    if (interrupt_.raised()) return false;
    const msghdr message = pieces.message();
    const auto size = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size >= 0) {
      pieces.sent(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!deadline) deadline = deadlineIn(write_timeout_);
      if (!waitFor(POLLOUT, *deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void Wire::resetOnClose(bool on) {
  const ::linger value{on ? 1 : 0, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &value, sizeof(value));
}

void Wire::linger() {
  ::shutdown(descriptor_, SHUT_WR);
  std::array<char, 4096> dropped;
  const auto deadline = deadlineIn(kLingerTime);
  for (std::size_t total = 0; total < kLingerBytes;) {
    const auto got = receive(dropped, deadline);
    if (got.outcome != Outcome::Data) return;
    total += got.size;
  }
}

}  // namespace postern::http
