#include "http/server.h"

#include "http/listen_socket.h"
#include "http/reactor.h"

namespace postern::http {

Server::Server(const Options& options) : reactor_(std::make_unique<Reactor>(options)) {}

Server::~Server() = default;

struct Listening::Socket {
  Poco::Net::ServerSocket socket;
};

Result<Listening> Listening::open(const std::string& address) {
  auto socket = listenOn(address);
  if (!socket) return std::move(socket).error();
  Listening listening;
  listening.socket_ = std::make_shared<Socket>(Socket{*socket});
  return listening;
}

std::uint16_t Listening::port() const {
  return socket_->socket.address().port();
}

Result<std::uint16_t> Server::listen(const std::string& address, const Site& site) {
  const auto listening = Listening::open(address);
  if (!listening) return listening.error();
  listen(*listening, site);
  return listening->port();
}

void Server::listen(const Listening& listening, const Site& site) {
  reactor_->listen(listening.socket_->socket, site);
}

void Server::stopAccepting() {
  reactor_->stopAccepting();
}

bool Server::stop(std::chrono::milliseconds timeout) {
  return reactor_->stop(timeout);
}

Server::Counts Server::counts() const {
  return reactor_->counts();
}

}  // namespace postern::http
