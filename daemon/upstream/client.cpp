#include "upstream/client.h"

#include <algorithm>
#include <csignal>

#include "upstream/request.h"

namespace postern::upstream {
namespace {

constexpr int kMaxRedirects = 5;
// Two scrapes of a target with four pages, side by side.
constexpr std::size_t kMaxIdle = 8;
// Above the usual scrape intervals; servers often close at 60 or 75 s.
constexpr std::chrono::seconds kMaxRest{90};

bool repeatable(const Request& request) {
  return !request.once && (request.method == "GET" || request.method == "HEAD");
}

// A firewall on the way may have forgotten a connection that was idle: then there is time left for
// a fresh one. Not zero, which would mean that it is never given up.
std::chrono::milliseconds patienceFor(Deadline deadline) {
  constexpr std::chrono::milliseconds longest{10'000};
  return std::clamp(remaining(deadline) / 3, std::chrono::milliseconds(1), longest);
}

}  // namespace

Client::Client(config::Url url, const tls::Store& material, Resolver& resolver)
    : url_(std::move(url)), authority_(url_.authority()), material_(material), resolver_(resolver) {
  std::signal(SIGPIPE, SIG_IGN);
}

Client::~Client() = default;

Result<Response> Client::exchange(const Request& request, Deadline deadline, const OnHead& on_head,
                                  const OnBody& on_body) {
  const bool follow = request.follow_redirects && repeatable(request);
  std::string target = request.path;
  for (int redirects = 0;; ++redirects) {
    const Transfer::Order order{
        request, url_,   std::move(target), follow && redirects < kMaxRedirects, deadline,
        on_head, on_body};
    auto reply = fetch(order);
    if (!reply) return std::move(reply).error();
    if (reply->redirect.empty()) return std::move(reply->response);
    target = std::move(reply->redirect);
  }
}

Result<Client::Reply> Client::fetch(const Transfer::Order& order) {
  bool stale = false;
  const auto bytes = writeRequest(order.request, url_, order.target);
  if (!bytes) return bytes.error();
  const auto material = material_.current();
  if (!material) return material.error();
  if (repeatable(order.request)) {
    if (auto connection = takeIdle(*material)) {
      connection->doubt(patienceFor(order.deadline));
      auto reply = run(std::move(connection), bytes->reveal(), order, stale);
      if (!stale) return reply;
    }
  }
  if (order.request.way != nullptr) order.request.way->reset();
  auto connection = open(*material, order.deadline);
  if (!connection) return std::move(connection).error();
  return run(*std::move(connection), bytes->reveal(), order, stale);
}

// `bytes`: of the request. `stale`: the server closed a connection
// that was idle before it saw the request, or is out of reach on it.
Result<Client::Reply> Client::run(std::unique_ptr<Connection> connection, std::string_view bytes,
                                  const Transfer::Order& order, bool& stale) {
  Transfer transfer(*connection, order);
  auto response = transfer.run(bytes);
  if (order.request.way != nullptr) *order.request.way = connection->way();
  if (response) return settle(std::move(connection), transfer, *std::move(response));
  stale = !transfer.answered() && response.error().fault == Fault::Connect;
  return std::move(response).error();
}

Result<std::unique_ptr<Connection>> Client::open(const MaterialPtr& material, Deadline deadline) {
  const auto addresses = resolver_.resolve(url_.host, url_.port, deadline);
  if (!addresses) return addresses.error();
  const auto session = sessionFor(material);
  auto connection = Connection::open({url_.host, authority_, *addresses, material, session.get()},
                                     open_, deadline);
  if (connection) {
    const std::lock_guard lock(mutex_);
    server_certificate_ = (*connection)->serverCertificate();
  }
  return connection;
}

// A connection that was kept and can be used at once, or null. Those that cannot are closed.
std::unique_ptr<Connection> Client::takeIdle(const MaterialPtr& material) {
  std::vector<std::unique_ptr<Connection>> dropped;  // closed when the lock is free again
  const std::lock_guard lock(mutex_);
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->material() == material && connection->restedFor() < kMaxRest &&
        connection->quiet()) {
      return connection;
    }
    dropped.push_back(std::move(connection));
  }
  return nullptr;
}

// Keeps the connection and its session for later, if they are good for that.
Client::Reply Client::settle(std::unique_ptr<Connection> connection, const Transfer& transfer,
                             Response response) {
  auto session = connection->session();
  const auto current = material_.current();
  const bool keep =
      transfer.reusable() && current && *current == connection->material() && connection->rest();
  {
    const std::lock_guard lock(mutex_);
    if (session) {
      session_.swap(session);
      session_material_ = connection->material();
    }
    if (keep && idle_.size() < kMaxIdle) idle_.push_back(std::move(connection));
  }
  return {std::move(response), transfer.redirect()};
}

// A resumed handshake shows no certificate again, so a session must not outlive it.
SessionPtr Client::sessionFor(const MaterialPtr& material) const {
  const std::lock_guard lock(mutex_);
  if (!session_ || session_material_ != material || !material->crls().empty() ||
      !server_certificate_ ||
      server_certificate_->validity.not_after <= std::chrono::system_clock::now()) {
    return nullptr;
  }
  SSL_SESSION_up_ref(session_.get());
  return SessionPtr(session_.get());
}

std::size_t Client::connections() const {
  return open_;
}

std::optional<tls::Summary> Client::serverCertificate() const {
  const std::lock_guard lock(mutex_);
  return server_certificate_;
}

}  // namespace postern::upstream
