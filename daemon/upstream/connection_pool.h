#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "async/loop.h"
#include "base/clock.h"
#include "tls/store.h"
#include "upstream/connection.h"

namespace postern::upstream {

// The idle connections of one client, and the TLS session that its next connection resumes. On one
// loop.
class ConnectionPool {
 public:
  // Connections that it keeps: a target with more pages fetches as many side by side.
  static constexpr std::size_t kMostIdle = 32;

  using MaterialPtr = std::shared_ptr<const tls::Material>;

  // Both must outlive it.
  ConnectionPool(const tls::Store& material, async::Loop& loop)
      : material_(material), loop_(loop) {}

  // A connection of that material that can be used at once, or null. Closes the others that it
  // finds.
  std::unique_ptr<Connection> take(const MaterialPtr& material);
  // Takes back a connection that has carried a whole answer. Notes its session; keeps it for the
  // next request when it is `reusable`, of the current material, and when there is room.
  void giveBack(std::unique_ptr<Connection> connection, bool reusable);
  // What a new connection may resume; null: a full handshake. A session is not used beyond the
  // expiry of `certificate`, which the server last showed: a resumed handshake shows none.
  SessionPtr session(const MaterialPtr& material,
                     const std::optional<tls::Summary>& certificate) const;

 private:
  const tls::Store& material_;
  async::Loop& loop_;
  std::vector<std::unique_ptr<Connection>> idle_;  // the last one was used last
  SessionPtr session_;
  MaterialPtr session_material_;
};

}  // namespace postern::upstream
