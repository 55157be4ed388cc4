#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::http {

// A raw TCP client: it sends and reads the exact bytes on the wire. A read that takes ten seconds
// ends as if the server had closed, so that a test fails instead of hanging.
class Client {
 public:
  enum class Family { V4, V6 };

  // `receive_buffer`: bytes, for a slow client; 0: the kernel's default.
  explicit Client(std::uint16_t port, Family family = Family::V4, int receive_buffer = 0)
      : socket_(::socket(family == Family::V4 ? AF_INET : AF_INET6, SOCK_STREAM, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_addr = in6addr_loopback;
    const auto* address = family == Family::V4 ? reinterpret_cast<const sockaddr*>(&v4)
                                               : reinterpret_cast<const sockaddr*>(&v6);
    const auto size = family == Family::V4 ? sizeof(v4) : sizeof(v6);
    connected_ = ::connect(socket_, address, static_cast<socklen_t>(size)) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  int descriptor() const { return socket_; }
  // Whether the connection was reset rather than closed.
  bool wasReset() const { return reset_; }
  // Whether it was reset within ten seconds without a read.
  bool waitForReset() const {
    pollfd socket{socket_, 0, 0};
    return ::poll(&socket, 1, 10'000) == 1 && (socket.revents & POLLERR) != 0;
  }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void get(std::string_view path, std::string_view headers = "") const {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n");
  }

  // The bytes up to and including `end`; fewer if the connection ends before.
  std::string readThrough(std::string_view end) {
    while (arrived_.find(end) == std::string::npos && readMore()) {
    }
    const auto found = arrived_.find(end);
    return take(found == std::string::npos ? arrived_.size() : found + end.size());
  }
  std::string read(std::size_t size) {
    while (arrived_.size() < size && readMore()) {
    }
    return take(std::min(size, arrived_.size()));
  }
  std::string readToEnd() {
    while (readMore()) {
    }
    return take(arrived_.size());
  }
  // An answer with Content-Length, its head and body in one piece.
  std::string readAnswer() {
    auto head = readThrough("\r\n\r\n");
    const std::string_view name = "\r\nContent-Length: ";
    const auto length = head.find(name);
    if (length == std::string::npos) return head;
    return head + read(std::stoul(head.substr(length + name.size())));
  }

 private:
  bool readMore() {
    std::array<char, 65536> block;
    const auto got = ::recv(socket_, block.data(), block.size(), 0);
    reset_ |= got < 0 && errno == ECONNRESET;
    if (got > 0) arrived_.append(block.data(), static_cast<std::size_t>(got));
    return got > 0;
  }
  std::string take(std::size_t size) {
    auto taken = arrived_.substr(0, size);
    arrived_.erase(0, size);
    return taken;
  }

  int socket_;
  bool connected_ = false;
  bool reset_ = false;
  std::string arrived_;
};

}  // namespace postern::http
