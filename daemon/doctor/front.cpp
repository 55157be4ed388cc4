#include "doctor/front.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>
#include <utility>

#include "base/host_port.h"
#include "upstream/connection.h"
#include "upstream/response.h"

namespace postern::doctor {
namespace {

using Block = upstream::Connection::Block;
using End = upstream::Connection::End;

constexpr int kRefused = 400;  // also what speaks TLS may answer to plain HTTP

Error broken(const std::string& address, const std::string& what) {
  return {Fault::Connect, fmt::format("{}: {}", address, what)};
}

// A connection without TLS.
class Plain {
 public:
  Plain(Descriptor socket, const std::string& address)
      : socket_(std::move(socket)), address_(address) {}

  Result<void> write(std::string_view bytes, Deadline deadline) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (auto ready = wait(POLLOUT, deadline); !ready) {
        return ready;
      }
    }
    return {};
  }

  Result<Block> read(Deadline deadline) {
    for (;;) {
      const auto got = ::recv(socket_.number(), buffer_.data(), buffer_.size(), 0);
      if (got > 0) return Block{{buffer_.data(), static_cast<std::size_t>(got)}, End::None};
      if (got == 0) return Block{{}, End::Clean};
      TRY_VOID(wait(POLLIN, deadline));
    }
  }

 private:
  Result<void> wait(short events, Deadline deadline) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
      return broken(address_, std::generic_category().message(errno));
    if (upstream::waitFor(socket_.number(), events, deadline)) return {};
    return Error{Fault::Timeout, address_ + " did not answer in time"};
  }

  const Descriptor socket_;
  const std::string& address_;
  std::array<char, 32U << 10> buffer_;
};

// The answer whose bytes `read` gives.
template <typename Read>
Result<upstream::Response> readAnswer(Read read, const upstream::OnBody& on_body) {
  using Event = upstream::ResponseReader::Event;
  upstream::ResponseReader reader(/*to_head=*/false);
  std::string_view input;
  for (;;) {
    TRY(auto step, reader.next(input));
    if (step.event == Event::End) return reader.takeResponse();
    if (step.event == Event::Body && reader.response().status != kRefused) {
      TRY_VOID(on_body(step.body));
    }
    if (step.event != Event::More) continue;
    const Result<Block> block = read();
    if (!block) return block.error();
    if (block->end != End::None) {
      TRY_VOID(reader.endOfStream(block->end == End::Clean));
      return reader.takeResponse();
    }
    input = block->bytes;
  }
}

}  // namespace

Front::Front(std::string address, upstream::Resolver& resolver)
    : address_(std::move(address)), resolver_(resolver) {
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto parts = splitHostPort(address_)) {
    host_ = parts->host;
    const auto port = parts->port.value_or("");
    std::from_chars(port.data(), port.data() + port.size(), port_);
  }
  if (host_ == "0.0.0.0" || host_ == "::") host_.clear();
}

Result<std::vector<upstream::Address>> Front::addresses(Deadline deadline) {
  // Who listens on all addresses listens on both of these, or on the first.
  return resolver_.resolve(host_.empty() ? "localhost" : host_, port_, deadline);
}

Result<upstream::Response> Front::get(const std::string& path, Deadline deadline,
                                      const upstream::OnBody& on_body) {
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: postern check\r\nAccept: "
      "text/plain;version=0.0.4, */*;q=0.1\r\nConnection: close\r\n\r\n",
      path, host_.empty() ? joinHostPort("localhost", port_) : address_);
  if (way_ == Way::Tls) return getByTls(request, deadline, on_body);
  auto plain = getPlain(request, deadline, on_body);
  if (way_ == Way::Plain || !reached_) return plain;
  // A listener with TLS says so with a 400, an alert or nothing at all.
  if (plain && plain->status != kRefused) {
    way_ = Way::Plain;
    return plain;
  }
  if (!plain && plain.error().fault == Fault::Timeout) return plain;
  auto by_tls = getByTls(request, deadline, on_body);
  if (by_tls) way_ = Way::Tls;
  const bool no_tls = !by_tls && by_tls.error().detail == Detail::NotTls;
  return no_tls ? std::move(plain) : std::move(by_tls);
}

Result<upstream::Response> Front::getPlain(const std::string& request, Deadline deadline,
                                           const upstream::OnBody& on_body) {
  TRY(const auto addresses, this->addresses(deadline));
  TRY(auto dialled, upstream::dial(address_, addresses, deadline));
  reached_ = true;
  Plain connection(std::move(dialled.socket), address_);
  TRY_VOID(connection.write(request, deadline));
  return readAnswer([&] { return connection.read(deadline); }, on_body);
}

Result<upstream::Response> Front::getByTls(const std::string& request, Deadline deadline,
                                           const upstream::OnBody& on_body) {
  if (!material_) {
    config::Tls ours;
    ours.insecure_skip_verify = true;
    TRY(auto loaded, tls::Material::load(ours, std::chrono::system_clock::now()));
    material_ = std::move(loaded);
  }
  TRY(const auto addresses, this->addresses(deadline));
  std::atomic<std::size_t> open = 0;
  const std::string host = host_.empty() ? "localhost" : host_;
  TRY(auto connection,
      upstream::Connection::open({host, address_, addresses, material_, nullptr}, open, deadline));
  TRY_VOID(connection->write(request, deadline));
  return readAnswer([&] { return connection->read(deadline, "while waiting for the answer"); },
                    on_body);
}

}  // namespace postern::doctor
