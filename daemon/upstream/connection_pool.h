#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "async/loop.h"
#include "base/clock.h"
#include "tls/material_store.h"
#include "upstream/connection.h"

namespace postern::upstream {

// The idle connections of one client, and the TLS session for its next connection. On one loop.
class ConnectionPool {
 public:
  // Connections to keep: a target with more pages fetches this many in parallel.
  static constexpr std::size_t kMostIdle = 32;

  using MaterialPtr = std::shared_ptr<const tls::Material>;

  // Both must outlive the pool.
  ConnectionPool(const tls::MaterialStore& material, async::Loop& loop)
      : material_(material), loop_(loop) {}

  // A usable connection with that material, or null. Closes the unusable ones that it finds.
  std::unique_ptr<Connection> take(const MaterialPtr& material);
  // Takes back a connection after a whole answer. Stores its session. Keeps it for the next request
  // if it is `reusable`, has the current material, and the pool is not full.
  void giveBack(std::unique_ptr<Connection> connection, bool reusable);
  // The session that a new connection may resume; null: a full handshake. A session is not used
  // after the expiry of `certificate`, the last one that the server sent, because a resumed
  // handshake has none.
  SessionPtr session(const MaterialPtr& material,
                     const std::optional<tls::Summary>& certificate) const;

 private:
  const tls::MaterialStore& material_;
  async::Loop& loop_;
  std::vector<std::unique_ptr<Connection>> idle_;  // the most recently used is last
  SessionPtr session_;
  MaterialPtr session_material_;
};

}  // namespace postern::upstream
