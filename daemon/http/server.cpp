#include "http/server.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <utility>

#include "async/group.h"
#include "async/loop.h"
#include "async/loop_thread.h"
#include "base/log.h"
#include "http/connection_table.h"
#include "http/listen_socket.h"
#include "http/served_connection.h"
#include "http/server_state.h"

namespace postern::http {
namespace {

constexpr std::size_t kLeastThreads = 2;
constexpr int kMostAcceptedInATurn = 64;
// Refused connections that get a 503 at the same time.
constexpr std::size_t kMostBusyAnswers = 64;
constexpr std::chrono::milliseconds kDescriptorPause{100};
constexpr std::chrono::seconds kBetweenWarnings{10};

ServerOptions withThreads(ServerOptions options) {
  options.threads = std::max(options.threads, kLeastThreads);
  return options;
}

bool outOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

struct Accepted {
  Descriptor socket;
  IpAddress address{};
  int error = 0;  // of accept4(2) without a socket
};

Accepted acceptFrom(int listening) {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  Accepted accepted{Descriptor(::accept4(listening, reinterpret_cast<sockaddr*>(&peer), &size,
                                         SOCK_CLOEXEC | SOCK_NONBLOCK))};
  if (!accepted.socket) {
    accepted.error = errno;
    return accepted;
  }
  const int on = 1;
  ::setsockopt(accepted.socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  accepted.address = addressOf(peer);
  return accepted;
}

}  // namespace

struct Listening::Socket {
  Poco::Net::ServerSocket socket;
};

Result<Listening> Listening::open(const std::string& address) {
  TRY(auto socket, listenOn(address));
  Listening listening;
  listening.socket_ = std::make_shared<Socket>(Socket{socket});
  return listening;
}

std::uint16_t Listening::port() const {
  return socket_->socket.address().port();
}

// Everything that lives on the loop. It is made and destroyed on the loop's thread.
class Server::Acceptor {
 public:
  Acceptor(const ServerOptions& options, async::Loop& loop, async::ThreadPool& pool)
      : loop_(loop), state_(options, pool) {
    state_.endSlowestFlush = [this] { return table_.endSlowestFlush(loop_.now()); };
  }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  void listen(const Poco::Net::ServerSocket& socket, const Service& service);
  void stopAccepting() { accepting_.cancel(); }
  void finish();
  void resetAll();
  // The following two are thread-safe.
  bool waitForEnd(std::chrono::milliseconds timeout);
  ServerCounts counts() const { return {open_, accepted_, state_.busy, state_.failed_handshakes}; }

 private:
  async::Task<> acceptAll(Poco::Net::ServerSocket listening, const Service& service);
  async::Task<> pause();
  void take(Accepted accepted, const Service& service);
  async::Task<> serve(Descriptor socket, const Service& service, IpAddress address,
                      const char* too_many);

  async::Loop& loop_;
  ServerState state_;
  ConnectionTable table_;
  std::list<Poco::Net::ServerSocket> listening_;
  async::Scope accepting_{loop_};
  SteadyTime next_warning_;  // about missing descriptors
  async::Group connections_;
  async::Group acceptors_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::uint64_t> accepted_{0};
  std::mutex mutex_;
  std::condition_variable ended_;  // the last connection has ended
};

void Server::Acceptor::listen(const Poco::Net::ServerSocket& socket, const Service& service) {
  auto& listening = listening_.emplace_back(socket);
  listening.setBlocking(false);
  acceptors_.add(acceptAll(listening, service));
}

async::Task<> Server::Acceptor::acceptAll(Poco::Net::ServerSocket listening,
                                          const Service& service) {
  async::PolledSocket socket(loop_, listening);
  while (true) {
    const bool ready = co_await socket.readable(accepting_);
    if (!ready) co_return;
    for (int i = 0; i < kMostAcceptedInATurn; ++i) {
      auto accepted = acceptFrom(socket.descriptor());
      if (accepted.socket) {
        take(std::move(accepted), service);
        continue;
      }
      if (outOfResources(accepted.error)) co_await pause();
      if (accepted.error == EINVAL) co_return;  // shut down
      if (accepted.error == EAGAIN || outOfResources(accepted.error)) break;
    }
  }
}

// The connection stays in the kernel's queue and its listening socket readable. Trying again
// immediately would only use CPU time.
async::Task<> Server::Acceptor::pause() {
  const auto now = loop_.now();
  if (now >= next_warning_) {
    next_warning_ = now + kBetweenWarnings;
    log::warn("no file descriptor is free; new connections wait", {{"connections", table_.size()}});
  }
  const auto until = now + kDescriptorPause;
  co_await loop_.sleepUntil(until, accepting_);
}

void Server::Acceptor::take(Accepted accepted, const Service& service) {
  const auto& options = state_.options;
  const char* too_many = nullptr;
  const bool full = table_.at(service) >= options.max_connections;
  if (full && !table_.endLongestIdle(service)) {
    too_many = "--web.max-connections are open";
  } else if (options.max_per_address > 0 &&
             table_.of(accepted.address) >= options.max_per_address) {
    too_many = "--web.max-connections-per-address are open from this address";
  }
  ++accepted_;
  if (too_many != nullptr) ++state_.busy;
  if (state_.stopping || table_.at(service) >= options.max_connections + kMostBusyAnswers) return;
  ++open_;
  connections_.add(serve(std::move(accepted.socket), service, accepted.address, too_many));
}

async::Task<> Server::Acceptor::serve(Descriptor socket, const Service& service, IpAddress address,
                                      const char* too_many) {
  // Also when an exception ends the task, because stop() waits for the last one.
  struct Leaving {
    Acceptor& acceptor;
    ~Leaving() {
      const std::lock_guard lock(acceptor.mutex_);
      if (--acceptor.open_ == 0) acceptor.ended_.notify_all();
    }
  };
  const Leaving leaving{*this};
  const ServedConnection::ConnectionContext context{loop_, state_, table_};
  ServedConnection connection(context, std::move(socket), service, address, too_many);
  co_await connection.run();
}

bool Server::Acceptor::waitForEnd(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, timeout, [this] { return open_ == 0; });
}

void Server::Acceptor::finish() {
  state_.stopping = true;
  accepting_.cancel();
  for (auto& listening : listening_) ::shutdown(listening.impl()->sockfd(), SHUT_RDWR);
  table_.endResting();
}

void Server::Acceptor::resetAll() {
  state_.interrupt = true;
  table_.resetAll();
}

// The server's own loop and threads.
struct Server::Own {
  explicit Own(std::size_t threads) : pool(threads), loop(clock) {}

  const RealClock clock;
  async::ThreadPool pool;
  async::LoopThread loop;
};

Server::Server(const ServerOptions& options)
    : own_(std::make_unique<Own>(withThreads(options).threads)), loop_(own_->loop) {
  makeAcceptor(options, own_->pool);
}

Server::Server(const ServerOptions& options, async::LoopThread& loop, async::ThreadPool& pool)
    : loop_(loop) {
  makeAcceptor(options, pool);
}

void Server::makeAcceptor(const ServerOptions& options, async::ThreadPool& pool) {
  loop_.call(
      [&] { acceptor_ = std::make_unique<Acceptor>(withThreads(options), loop_.loop(), pool); });
}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
  loop_.call([this] { acceptor_.reset(); });
}

Result<std::uint16_t> Server::listen(const std::string& address, const Service& service) {
  TRY(const auto listening, Listening::open(address));
  listen(listening, service);
  return listening.port();
}

void Server::listen(const Listening& listening, const Service& service) {
  loop_.call([&] { acceptor_->listen(listening.socket_->socket, service); });
}

void Server::stopAccepting() {
  loop_.call([this] { acceptor_->stopAccepting(); });
}

bool Server::stop(std::chrono::milliseconds timeout) {
  loop_.call([this] { acceptor_->finish(); });
  if (acceptor_->waitForEnd(timeout)) return true;
  loop_.call([this] { acceptor_->resetAll(); });
  acceptor_->waitForEnd(std::chrono::hours(24));  // waits for the handlers
  return false;
}

ServerCounts Server::counts() const {
  return acceptor_->counts();
}

}  // namespace postern::http
