#include "upstream/dial.h"

#include <fmt/core.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "async/borrowed_socket.h"
#include "async/loop.h"
#include "async/polled_socket.h"

namespace postern::upstream {
namespace {

// Returns the result of connect(2): 0, an errno, or ETIMEDOUT when the scope ended first. `address`
// must outlive the task.
async::Task<int> connectTo(int descriptor, const ResolvedAddress& address, async::Scope& scope) {
  const auto* peer = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(descriptor, peer, address.length) == 0) co_return 0;
  if (errno != EINPROGRESS && errno != EINTR) co_return errno;
  async::PolledSocket polled(scope.loop(), async::BorrowedSocket(descriptor));
  const bool ready = co_await polled.writable(scope);
  if (!ready) co_return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) co_return errno;
  co_return error;
}

// When the first of `addresses` addresses has used its share of the remaining time.
SteadyTime endOfShare(const async::Scope& scope, std::size_t addresses) {
  const SteadyTime deadline = scope.deadline();
  if (deadline == SteadyTime::max()) return deadline;
  const SteadyTime now = scope.loop().now();
  return now + (deadline - now) / static_cast<SteadyTime::rep>(addresses);
}

std::string failureText(const ResolvedAddress& address, int error) {
  std::string text = fmt::format("{}: {}", address.text(), std::generic_category().message(error));
  if (error == ECONNREFUSED)
    text += fmt::format(" (is the service listening on {}?)", address.text());
  return text;
}

Error dialError(const std::string& authority, const std::string& failures, bool too_late) {
  return {
      too_late ? Fault::Timeout : Fault::Connect,
      fmt::format("{}{}: {}", too_late ? "timed out while connecting to " : "cannot connect to ",
                  authority, failures),
      {},
      {},
      too_late
          ? fmt::format(
                "let firewalls and network policies pass {}, or correct host and port of the url",
                authority)
          : "start the service, or correct host and port of the url, now " + authority};
}

}  // namespace

async::Task<Result<Dialled>> dial(std::string authority, std::vector<ResolvedAddress> addresses,
                                  async::Scope& scope) {
  std::string failures;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const ResolvedAddress& address = addresses[i];
    Descriptor socket(::socket(address.storage.ss_family,
                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    int error = errno;
    if (socket) {
      async::Scope share(scope, endOfShare(scope, addresses.size() - i));
      const int number = socket.number();
      error = co_await connectTo(number, address, share);
    }
    if (error == 0) {
      const int on = 1;
      setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      Dialled dialled{std::move(socket), address};
      co_return std::move(dialled);
    }
    failures += (failures.empty() ? "" : ", ") + failureText(address, error);
  }
  co_return dialError(authority, failures, scope.ended());
}

}  // namespace postern::upstream
