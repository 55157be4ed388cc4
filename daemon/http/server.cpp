#include "http/server.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <future>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "async/group.h"
#include "async/loop.h"
#include "async/poller.h"
#include "base/log.h"
#include "http/blocking_handler.h"
#include "http/connection_table.h"
#include "http/listen_socket.h"
#include "http/served_connection.h"
#include "http/server_state.h"

namespace postern::http {
namespace {

constexpr std::size_t kLeastThreads = 2;
constexpr int kMostAcceptedInATurn = 64;
// Refused connections that are still told so.
constexpr std::size_t kMostToldBusy = 64;
constexpr std::chrono::milliseconds kDescriptorPause{100};
constexpr std::chrono::seconds kBetweenComplaints{10};

bool outOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

struct Accepted {
  Descriptor socket;
  Address address{};
  int error = 0;  // of accept4(2), without a socket
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
  auto socket = listenOn(address);
  if (!socket) return std::move(socket).error();
  Listening listening;
  listening.socket_ = std::make_shared<Socket>(Socket{*socket});
  return listening;
}

std::uint16_t Listening::port() const {
  return socket_->socket.address().port();
}

// The loop with its thread, and all that lives on it.
class Server::Front {
 public:
  explicit Front(const Options& options)
      : poller_(async::makePoller()),
        loop_(*poller_, clock_),
        pool_(std::max(options.threads, kLeastThreads)) {
    state_.options = options;
    state_.options.threads = std::max(options.threads, kLeastThreads);
    state_.endSlowestFlush = [this] { return table_.endSlowestFlush(loop_.now()); };
  }
  ~Front() { stop(std::chrono::milliseconds(0)); }
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  void listen(const Poco::Net::ServerSocket& socket, const Site& site);
  void stopAccepting();
  bool stop(std::chrono::milliseconds timeout);
  Counts counts() const;

 private:
  // A site, as connections see it.
  struct Place {
    Place(const Site& served, async::ThreadPool& pool, ServerState& state)
        : site(served), blocking(served.handler, pool, state) {
      service.handler = [this](const Request& request, Responder& responder) {
        if (site.quick && site.quick(request))
          return answerAtOnce(site.handler, request, responder);
        return blocking.answer(request, responder);
      };
      service.tls = site.tls;
      service.max_body = site.max_body;
    }
    const Site& site;
    BlockingHandler blocking;
    Service service;
  };

  // Runs `function` on the loop, and returns when it has.
  template <typename Function>
  void onLoop(Function function);
  async::Task<> acceptAll(Poco::Net::ServerSocket listening, const Service& service);
  async::Task<> pause();
  void take(Accepted accepted, const Service& service);
  async::Task<> serve(Descriptor socket, const Service& service, Address address,
                      const char* too_many);
  bool waitForEnd(std::chrono::milliseconds timeout);

  const RealClock clock_;
  const std::unique_ptr<async::Poller> poller_;
  async::Loop loop_;
  async::ThreadPool pool_;
  ServerState state_;
  ConnectionTable table_;
  std::list<Place> places_;
  std::list<Poco::Net::ServerSocket> listening_;
  async::Scope accepting_{loop_};
  SteadyTime next_complaint_;  // about descriptors
  async::Group connections_;
  async::Group acceptors_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::uint64_t> accepted_{0};
  std::mutex mutex_;
  std::condition_variable ended_;  // the last connection has
  std::thread thread_;
};

template <typename Function>
void Server::Front::onLoop(Function function) {
  std::promise<void> done;
  loop_.inbox()->post([&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

void Server::Front::listen(const Poco::Net::ServerSocket& socket, const Site& site) {
  if (!thread_.joinable()) thread_ = std::thread([this] { loop_.run(); });
  onLoop([&] {
    auto& place = places_.emplace_back(site, pool_, state_);
    auto& listening = listening_.emplace_back(socket);
    listening.setBlocking(false);
    acceptors_.add(acceptAll(listening, place.service));
  });
}

async::Task<> Server::Front::acceptAll(Poco::Net::ServerSocket listening, const Service& service) {
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

// The connection stays in the kernel's queue and its listening socket readable: asking again at
// once would only burn time.
async::Task<> Server::Front::pause() {
  const auto now = loop_.now();
  if (now >= next_complaint_) {
    next_complaint_ = now + kBetweenComplaints;
    log::warn("no file descriptor is free; new connections wait", {{"connections", table_.size()}});
  }
  const auto until = now + kDescriptorPause;
  co_await loop_.sleepUntil(until, accepting_);
}

void Server::Front::take(Accepted accepted, const Service& service) {
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
  if (state_.stopping || table_.at(service) >= options.max_connections + kMostToldBusy) return;
  ++open_;
  connections_.add(serve(std::move(accepted.socket), service, accepted.address, too_many));
}

async::Task<> Server::Front::serve(Descriptor socket, const Service& service, Address address,
                                   const char* too_many) {
  // Also when an exception ends the task: stop() waits for the last one.
  struct Leaving {
    Front& front;
    ~Leaving() {
      const std::lock_guard lock(front.mutex_);
      if (--front.open_ == 0) front.ended_.notify_all();
    }
  };
  const Leaving leaving{*this};
  const ServedConnection::Place place{loop_, pool_, state_, table_};
  ServedConnection connection(place, std::move(socket), service, address, too_many);
  co_await connection.run();
}

void Server::Front::stopAccepting() {
  if (thread_.joinable()) onLoop([this] { accepting_.cancel(); });
}

bool Server::Front::waitForEnd(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, timeout, [this] { return open_ == 0; });
}

bool Server::Front::stop(std::chrono::milliseconds timeout) {
  if (!thread_.joinable()) return true;
  onLoop([this] {
    state_.stopping = true;
    accepting_.cancel();
    for (auto& listening : listening_) ::shutdown(listening.impl()->sockfd(), SHUT_RDWR);
    table_.endResting();
  });
  const bool all_finished = waitForEnd(timeout);
  if (!all_finished) {
    onLoop([this] {
      state_.interrupt = true;
      table_.resetAll();
    });
    waitForEnd(std::chrono::hours(24));  // for the handlers
  }
  loop_.stop();
  thread_.join();
  return all_finished;
}

Server::Counts Server::Front::counts() const {
  return {open_, accepted_, state_.busy, state_.failed_handshakes};
}

Server::Server(const Options& options) : front_(std::make_unique<Front>(options)) {}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(const std::string& address, const Site& site) {
  const auto listening = Listening::open(address);
  if (!listening) return listening.error();
  listen(*listening, site);
  return listening->port();
}

void Server::listen(const Listening& listening, const Site& site) {
  front_->listen(listening.socket_->socket, site);
}

void Server::stopAccepting() {
  front_->stopAccepting();
}

bool Server::stop(std::chrono::milliseconds timeout) {
  return front_->stop(timeout);
}

Server::Counts Server::counts() const {
  return front_->counts();
}

}  // namespace postern::http
