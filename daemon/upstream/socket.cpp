#include "upstream/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

namespace postern::upstream {
namespace {

constexpr std::chrono::milliseconds kLongest{
    std::numeric_limits<int>::max()};  // that poll(2) takes

// What connect(2) came to: 0, an errno, or ETIMEDOUT when `deadline` came first.
int connectBy(int fd, const Address& address, Deadline deadline) {
  const auto* peer = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(fd, peer, address.length) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  if (!waitFor(fd, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

std::string failureText(const Address& address, int error) {
  std::string text = address.text() + ": " + std::generic_category().message(error);
  if (error == ECONNREFUSED) text += " (is the service listening on " + address.text() + "?)";
  return text;
}

}  // namespace

bool waitFor(int fd, short events, Deadline deadline) {
  for (;;) {
    pollfd wanted{fd, events, 0};
    const int ready =
        poll(&wanted, 1, static_cast<int>(std::min(remaining(deadline), kLongest).count()));
    if (ready > 0) return true;
    if (remaining(deadline).count() == 0) return false;
  }
}

Result<Dialled> dial(const std::string& authority, const std::vector<Address>& addresses,
                     Deadline deadline) {
  std::string failures;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Address& address = addresses[i];
    Descriptor socket(::socket(address.storage.ss_family,
                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    const auto share = remaining(deadline) / static_cast<int>(addresses.size() - i);
    const int error =
        !socket ? errno : connectBy(socket.number(), address, deadline.cappedAt(deadlineIn(share)));
    if (error == 0) {
      const int on = 1;
      setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      return Dialled{std::move(socket), address};
    }
    failures += (failures.empty() ? "" : ", ") + failureText(address, error);
  }
  const bool too_late = remaining(deadline).count() == 0;
  return Error{too_late ? Fault::Timeout : Fault::Connect,
               (too_late ? "timed out while connecting to " : "cannot connect to ") + authority +
                   ": " + failures,
               {},
               {},
               too_late
                   ? "let firewalls and network policies pass " + authority +
                         ", or correct host and port of the url"
                   : "start the service, or correct host and port of the url, now " + authority};
}

}  // namespace postern::upstream
