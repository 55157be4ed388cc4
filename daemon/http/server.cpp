#include "http/server.h"

#include <mutex>
#include <utility>
#include <vector>

#include "http/acceptor.h"
#include "http/connection.h"
#include "http/listen_socket.h"
#include "http/workers.h"

namespace postern::http {

class Server::Impl {
 public:
  Impl(Handler handler, Options options)
      : front_{std::move(handler), options, OpenConnections(options.threads), {}, {}},
        workers_(options.threads,
                 [this](Descriptor socket) { Connection(std::move(socket), front_).run(); }) {}
  ~Impl() { stop(std::chrono::milliseconds(0)); }

  Result<std::uint16_t> listen(const std::string& address) {
    auto socket = listenOn(address);
    if (!socket) return std::move(socket).error();
    const std::lock_guard lock(mutex_);
    acceptors_.push_back(std::make_unique<Acceptor>(*socket, front_.open, workers_));
    return acceptors_.back()->port();
  }

  bool stop(std::chrono::milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    acceptors_.clear();
    workers_.stop();
    front_.open.stop();
    const bool all_finished = front_.open.waitUntilEmpty(timeout);
    if (!all_finished) front_.interrupt.raise();
    workers_.join();
    return all_finished;
  }

  std::size_t connections() const { return front_.open.count(); }

 private:
  Front front_;
  Workers workers_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

Server::Server(Handler handler, Options options)
    : impl_(std::make_unique<Impl>(std::move(handler), options)) {}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(const std::string& address) {
  return impl_->listen(address);
}

bool Server::stop(std::chrono::milliseconds timeout) {
  return impl_->stop(timeout);
}

std::size_t Server::connections() const {
  return impl_->connections();
}

}  // namespace postern::http
