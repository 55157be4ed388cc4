#include "upstream/connection_pool.h"

#include <utility>

namespace postern::upstream {
namespace {

// Longer than the usual scrape intervals. Servers often close after 60 or 75 s.
constexpr std::chrono::seconds kMaxIdleTime{90};

}  // namespace

std::unique_ptr<Connection> ConnectionPool::take(const MaterialPtr& material) {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->material() == material && connection->idleFor() < kMaxIdleTime &&
        connection->isIdle()) {
      return connection;
    }
  }
  return nullptr;
}

void ConnectionPool::giveBack(std::unique_ptr<Connection> connection, bool reusable) {
  if (auto session = connection->session()) {
    session_ = std::move(session);
    session_material_ = connection->material();
  }
  const auto current = material_.current();
  const bool keep = reusable && current && *current == connection->material() &&
                    connection->release() && idle_.size() < kMostIdle;
  if (keep) idle_.push_back(std::move(connection));
}

SessionPtr ConnectionPool::session(const MaterialPtr& material,
                                   const std::optional<tls::Summary>& certificate) const {
  if (!session_ || session_material_ != material || !material->crls().empty() || !certificate ||
      certificate->validity.not_after <= loop_.clock().system()) {
    return nullptr;
  }
  SSL_SESSION_up_ref(session_.get());
  return SessionPtr(session_.get());
}

}  // namespace postern::upstream
