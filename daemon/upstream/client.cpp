#include "upstream/client.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "upstream/request.h"

namespace postern::upstream {
namespace {

constexpr int kMaxRedirects = 5;
// Handshakes to compute at a time: a target with many pages begins as many.
constexpr std::size_t kMostHandshakes = 2;

bool repeatable(const Request& request) {
  return !request.once && (request.method == "GET" || request.method == "HEAD");
}

// A firewall may have forgotten an idle connection. This leaves time for a fresh one. Never zero,
// which would mean no limit.
std::chrono::milliseconds patienceFor(const async::Scope& scope) {
  constexpr std::chrono::milliseconds shortest{1};
  constexpr std::chrono::milliseconds longest{10'000};
  const auto left = scope.deadline() - scope.loop().now();
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left) / 3, shortest, longest);
}

}  // namespace

Client::Client(config::Url url, const tls::MaterialStore& material, Resolver& resolver,
               async::Loop& loop, async::JobRunner& runner)
    : url_(std::move(url)),
      material_(material),
      resolver_(resolver),
      handshakes_(runner, kMostHandshakes),
      pool_(material, loop) {
  std::signal(SIGPIPE, SIG_IGN);
}

Client::~Client() = default;

async::Task<HttpClient::Started> Client::send(const Request& request, async::Scope& scope) {
  const bool follows = request.follow_redirects && repeatable(request);
  std::string target = request.path;
  for (int redirects = 0;; ++redirects) {
    const bool follows_this = follows && redirects < kMaxRedirects;
    auto fetched = co_await fetch(request, target, follows_this, scope);
    if (!fetched) co_return std::move(fetched).error();
    auto exchange = *std::move(fetched);
    if (exchange->redirect().empty()) co_return std::move(exchange);
    target = exchange->redirect();
  }
}

// Replaces a kept connection by a fresh one if the server closed it before it saw the request, or
// is unreachable on it.
async::Task<Client::ExchangeResult> Client::fetch(const Request& request, std::string target,
                                                  bool follows_redirect, async::Scope& scope) {
  const auto bytes = writeRequest(request, url_, target);
  if (!bytes) co_return bytes.error();
  const auto material = material_.current();
  if (!material) co_return material.error();
  const std::string_view sent = bytes->reveal();
  const ConnectionExchange::PendingRequest pending{request, url_, std::move(target),
                                                   follows_redirect, &pool_};
  if (auto kept = repeatable(request) ? pool_.take(*material) : nullptr) {
    kept->setUserTimeout(patienceFor(scope));
    bool stale = false;
    auto started = co_await start(std::move(kept), pending, sent, stale, scope);
    if (!stale) co_return std::move(started);
  }
  if (request.transport != nullptr) request.transport->reset();
  auto opened = co_await open(*material, scope);
  if (!opened) co_return std::move(opened).error();
  bool ignored = false;
  auto fresh = *std::move(opened);
  co_return co_await start(std::move(fresh), pending, sent, ignored, scope);
}

// `stale`: the kept connection was closed.
async::Task<Client::ExchangeResult> Client::start(std::unique_ptr<Connection> connection,
                                                  const ConnectionExchange::PendingRequest& pending,
                                                  std::string_view bytes, bool& stale,
                                                  async::Scope& scope) {
  auto* const transport = pending.request.transport;
  if (transport != nullptr) *transport = connection->transport();
  auto exchange = std::make_unique<ConnectionExchange>(std::move(connection), pending);
  auto started = co_await exchange->start(bytes, scope);
  if (started) co_return std::move(exchange);
  stale = !exchange->answered() && started.error().fault == Fault::Connect;
  co_return std::move(started).error();
}

async::Task<Client::Opened> Client::open(MaterialPtr material, async::Scope& scope) {
  auto addresses = co_await resolver_.resolve(url_.host, url_.port, scope);
  if (!addresses) co_return std::move(addresses).error();
  const auto session = pool_.session(material, serverCertificate());
  ConnectOptions options{url_.host,           url_.authority(), *std::move(addresses),
                         std::move(material), session.get(),    &handshakes_};
  auto opened = co_await Connection::open(std::move(options), open_, scope);
  if (opened) {
    const MutexLock lock(mutex_);
    server_certificate_ = (*opened)->serverCertificate();
  }
  co_return std::move(opened);
}

std::size_t Client::connections() const {
  return open_;
}

std::optional<tls::Summary> Client::serverCertificate() const {
  const MutexLock lock(mutex_);
  return server_certificate_;
}

}  // namespace postern::upstream
