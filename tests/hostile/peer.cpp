// Peers that need more speed than a script language has. Each runs for SECONDS.
//
//   hostile_peer pipelining PORT SECONDS   floods requests over TLS, and reads the answers
//   hostile_peer key-updates PORT SECONDS  sends TLS records without data; reconnects when closed
//   hostile_peer handshakes PORT SECONDS   opens TLS connections that end after the handshake
//   hostile_peer probe PORT SECONDS        GETs http://127.0.0.1:PORT/-/healthy 50 times a second
//
// `probe` prints "COUNT FAILED P99 MAX", the last two in milliseconds. The exit code is 1 if a peer
// never got a connection.
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view kRequest = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr milliseconds kBetweenProbes{20};

class Socket {
 public:
  explicit Socket(std::uint16_t port) : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(number_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(number_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Socket() { ::close(number_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int number() const { return number_; }
  bool connected() const { return connected_; }

 private:
  int number_;
  bool connected_ = false;
};

struct Free {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

class Tls {
 public:
  explicit Tls(std::uint16_t port) : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.number());
    connected_ = socket_.connected() && SSL_connect(ssl_.get()) == 1;
  }
  bool connected() const { return connected_; }
  bool send(std::string_view text) {
    return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0;
  }
  bool sendKeyUpdate() {
    return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(ssl_.get()) == 1;
  }
  // The number of status lines in the received bytes; 0: the connection has ended.
  std::ptrdiff_t readAnswers() {
    const int size = SSL_read(ssl_.get(), block_.data(), static_cast<int>(block_.size()));
    if (size <= 0) return 0;
    const std::string_view text(block_.data(), static_cast<std::size_t>(size));
    std::ptrdiff_t answers = 0;
    for (auto at = text.find("HTTP/1.1 "); at != text.npos; at = text.find("HTTP/1.1 ", at + 1))
      ++answers;
    return std::max<std::ptrdiff_t>(answers, 1);
  }

 private:
  Socket socket_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  std::array<char, 65536> block_;
  bool connected_ = false;
};

void pipeline(Tls& tls, Clock::time_point end) {
  constexpr std::ptrdiff_t kAtOnce = 500;
  std::string requests;
  for (std::ptrdiff_t i = 0; i < kAtOnce; ++i) requests += kRequest;
  while (Clock::now() < end && tls.send(requests)) {
    for (std::ptrdiff_t answers = 0; answers < kAtOnce;) {
      const auto more = tls.readAnswers();
      if (more == 0) return;
      answers += more;
    }
  }
}

void updateKeys(Tls& tls, Clock::time_point end) {
  while (Clock::now() < end && tls.sendKeyUpdate()) {
  }
}

template <typename Flood>
int flood(std::uint16_t port, Clock::time_point end, Flood run) {
  int connections = 0;
  while (Clock::now() < end) {
    Tls tls(port);
    if (!tls.connected()) continue;
    ++connections;
    run(tls, end);
  }
  std::printf("%d connections\n", connections);
  return connections > 0 ? 0 : 1;
}

bool isHealthy(std::uint16_t port) {
  const Socket socket(port);
  const std::string_view request =
      "GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  if (!socket.connected()) return false;
  if (::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  std::string answer;
  std::array<char, 4096> block;
  ssize_t size = 0;
  while ((size = ::recv(socket.number(), block.data(), block.size(), 0)) > 0)
    answer.append(block.data(), static_cast<std::size_t>(size));
  return answer.starts_with("HTTP/1.1 200 ");
}

int probe(std::uint16_t port, Clock::time_point end) {
  std::vector<double> delays;
  int failed = 0;
  auto next = Clock::now();
  while (next < end) {
    std::this_thread::sleep_until(next);
    const auto began = Clock::now();
    if (!isHealthy(port)) ++failed;
    delays.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
    next = std::max(next + kBetweenProbes, Clock::now());
  }
  std::ranges::sort(delays);
  std::printf("%zu %d %.3f %.3f\n", delays.size(), failed, delays[delays.size() * 99 / 100],
              delays.back());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  const std::string_view what = argv[1];
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const auto end = Clock::now() + std::chrono::seconds(std::atoi(argv[3]));
  if (what == "pipelining") return flood(port, end, pipeline);
  if (what == "key-updates") return flood(port, end, updateKeys);
  if (what == "handshakes") return flood(port, end, [](Tls&, Clock::time_point) {});
  if (what == "probe") return probe(port, end);
  return 2;
}
