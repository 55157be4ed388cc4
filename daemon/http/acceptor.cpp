#include "http/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace postern::http {
namespace {

// Without a free descriptor the connection stays in the kernel's queue, and the listening socket
// readable: asking again at once would only burn time.
constexpr int kPauseMillis = 100;

bool outOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Acceptor::Acceptor(const Poco::Net::ServerSocket& socket, OpenConnections& open, Workers& workers)
    : socket_(socket), port_(socket_.address().port()), open_(open), workers_(workers) {
  // Another may take the connection that poll has told of: it must not block us.
  socket_.setBlocking(false);
  thread_ = std::thread([this] { run(); });
}

Acceptor::~Acceptor() {
  end_.raise();
  thread_.join();
}

void Acceptor::run() {
  std::array<pollfd, 2> waiting{
      {{end_.descriptor(), POLLIN, 0}, {socket_.impl()->sockfd(), POLLIN, 0}}};
  while (waiting[0].revents == 0) {
    if (::poll(waiting.data(), waiting.size(), -1) > 0 && waiting[1].revents != 0) acceptOne();
  }
}

void Acceptor::acceptOne() {
  Descriptor connection(::accept4(socket_.impl()->sockfd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) {
    if (!outOfResources(errno)) return;
    pollfd ending{end_.descriptor(), POLLIN, 0};
    ::poll(&ending, 1, kPauseMillis);
    return;
  }
  const int on = 1;
  ::setsockopt(connection.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (open_.arrive()) workers_.push(std::move(connection));
}

}  // namespace postern::http
