#include "check/daemon_client.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>
#include <utility>

#include "async/borrowed_socket.h"
#include "async/polled_socket.h"
#include "base/descriptor.h"
#include "base/host_port.h"
#include "upstream/connection.h"
#include "upstream/dial.h"
#include "upstream/response.h"

namespace postern::check {
namespace {

using upstream::ReceivedBlock;
using upstream::StreamEnd;

constexpr int kRefused = 400;  // TLS servers also may answer plain HTTP with this status

Error broken(const std::string& address, const std::string& what) {
  return {Fault::Connect, fmt::format("{}: {}", address, what)};
}

// A connection in plain text.
class Plain {
 public:
  Plain(Descriptor socket, const std::string& address, async::Loop& loop)
      : socket_(std::move(socket)),
        polled_(loop, async::BorrowedSocket(socket_.number())),
        address_(address) {}

  async::Task<Result<void>> write(std::string_view bytes, async::Scope& scope) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        continue;
      }
      if (!mayTryAgain()) co_return lastError();
      const bool ready = co_await polled_.writable(scope);
      if (!ready) co_return timedOut();
    }
    co_return Result<void>();
  }

  async::Task<Result<ReceivedBlock>> read(async::Scope& scope) {
    for (;;) {
      const auto got = ::recv(socket_.number(), buffer_.data(), buffer_.size(), 0);
      if (got > 0)
        co_return ReceivedBlock{{buffer_.data(), static_cast<std::size_t>(got)}, StreamEnd::None};
      if (got == 0) co_return ReceivedBlock{{}, StreamEnd::Clean};
      if (!mayTryAgain()) co_return lastError();
      const bool ready = co_await polled_.readable(scope);
      if (!ready) co_return timedOut();
    }
  }

 private:
  static bool mayTryAgain() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }
  Error lastError() const { return broken(address_, std::generic_category().message(errno)); }
  Error timedOut() const { return {Fault::Timeout, address_ + " did not answer in time"}; }

  const Descriptor socket_;
  async::PolledSocket polled_;
  const std::string& address_;
  std::array<char, 32U << 10> buffer_;
};

// A connection with TLS.
class Secure {
 public:
  explicit Secure(std::unique_ptr<upstream::Connection> connection)
      : connection_(std::move(connection)) {}

  async::Task<Result<void>> write(std::string_view bytes, async::Scope& scope) {
    return connection_->write(bytes, scope);
  }
  async::Task<Result<ReceivedBlock>> read(async::Scope& scope) {
    return connection_->read(scope, "while waiting for the answer");
  }

 private:
  const std::unique_ptr<upstream::Connection> connection_;
};

// Sends the request on a Plain or Secure connection, and reads the answer.
template <typename Connection>
async::Task<Result<upstream::Response>> exchangeOn(Connection& connection,
                                                   const std::string& request,
                                                   const DaemonClient::OnBody& on_body,
                                                   async::Scope& scope) {
  using upstream::ResponseEvent;
  const auto written = co_await connection.write(request, scope);
  if (!written) co_return written.error();
  upstream::ResponseReader reader(/*to_head=*/false);
  std::string_view input;
  for (;;) {
    const auto step = reader.next(input);
    if (!step) co_return step.error();
    if (step->event == ResponseEvent::End) co_return reader.takeResponse();
    if (step->event == ResponseEvent::Body && reader.response().status != kRefused) {
      const auto taken = on_body(step->body);
      if (!taken) co_return taken.error();
    }
    if (step->event != ResponseEvent::More) continue;
    const auto block = co_await connection.read(scope);
    if (!block) co_return block.error();
    if (block->end != StreamEnd::None) {
      const auto whole = reader.endOfStream(block->end == StreamEnd::Clean);
      if (!whole) co_return whole.error();
      co_return reader.takeResponse();
    }
    input = block->bytes;
  }
}

}  // namespace

DaemonClient::DaemonClient(std::string address, Network& network)
    : address_(std::move(address)), network_(network) {
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto parts = splitHostPort(address_)) {
    host_ = parts->host;
    const auto port = parts->port.value_or("");
    std::from_chars(port.data(), port.data() + port.size(), port_);
  }
  if (host_ == "0.0.0.0" || host_ == "::") host_.clear();
}

// A listener on all addresses is reachable at both of these, or at the first.
async::Task<Result<std::vector<upstream::ResolvedAddress>>> DaemonClient::addresses(
    async::Scope& scope) {
  return network_.resolver.resolve(host_.empty() ? "localhost" : host_, port_, scope);
}

Result<upstream::Response> DaemonClient::get(const std::string& path, SteadyTime deadline,
                                             const OnBody& on_body) {
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: postern check\r\nAccept: "
      "text/plain;version=0.0.4, */*;q=0.1\r\nConnection: close\r\n\r\n",
      path, host_.empty() ? joinHostPort("localhost", port_) : address_);
  async::Scope scope(network_.loop, deadline);
  return network_.loop.run(send(request, on_body, scope));
}

async::Task<Result<upstream::Response>> DaemonClient::send(const std::string& request,
                                                           const OnBody& on_body,
                                                           async::Scope& scope) {
  if (protocol_ == ListenerProtocol::Tls) co_return co_await sendByTls(request, on_body, scope);
  auto plain = co_await sendPlain(request, on_body, scope);
  if (protocol_ == ListenerProtocol::Plain || !reached_) co_return plain;
  // A listener with TLS answers plain HTTP with a 400, an alert or nothing.
  if (plain && plain->status != kRefused) {
    protocol_ = ListenerProtocol::Plain;
    co_return plain;
  }
  if (!plain && plain.error().fault == Fault::Timeout) co_return plain;
  auto by_tls = co_await sendByTls(request, on_body, scope);
  if (by_tls) protocol_ = ListenerProtocol::Tls;
  const bool no_tls = !by_tls && by_tls.error().detail == Detail::NotTls;
  if (no_tls) co_return plain;
  co_return by_tls;
}

async::Task<Result<upstream::Response>> DaemonClient::sendPlain(const std::string& request,
                                                                const OnBody& on_body,
                                                                async::Scope& scope) {
  auto addresses = co_await this->addresses(scope);
  if (!addresses) co_return addresses.error();
  auto dialled = co_await upstream::dial(address_, std::move(*addresses), scope);
  if (!dialled) co_return dialled.error();
  reached_ = true;
  Plain connection(std::move(dialled->socket), address_, network_.loop);
  co_return co_await exchangeOn(connection, request, on_body, scope);
}

async::Task<Result<upstream::Response>> DaemonClient::sendByTls(const std::string& request,
                                                                const OnBody& on_body,
                                                                async::Scope& scope) {
  if (!material_) {
    config::Tls ours;
    ours.insecure_skip_verify = true;
    auto loaded = tls::Material::load(ours, std::chrono::system_clock::now());
    if (!loaded) co_return loaded.error();
    material_ = *std::move(loaded);
  }
  auto addresses = co_await this->addresses(scope);
  if (!addresses) co_return addresses.error();
  std::atomic<std::size_t> open = 0;
  upstream::ConnectOptions options{host_.empty() ? "localhost" : host_, address_,
                                   *std::move(addresses), material_};
  auto opened = co_await upstream::Connection::open(std::move(options), open, scope);
  if (!opened) co_return opened.error();
  Secure connection(*std::move(opened));
  co_return co_await exchangeOn(connection, request, on_body, scope);
}

}  // namespace postern::check
