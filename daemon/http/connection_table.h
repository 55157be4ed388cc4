#pragma once

#include <boost/intrusive/list.hpp>

#include <array>
#include <cstddef>
#include <map>

#include "http/address.h"
#include "http/served_connection.h"

namespace postern::http {

// All connections of a loop by phase. In each phase the one that entered it first is in front.
// Decides whom to end when there are too many. Not thread-safe.
class ConnectionTable {
 public:
  // A reader that makes others wait for this long may lose its answer to them.
  static constexpr std::chrono::milliseconds kSlow{250};

  void add(ServedConnection& connection);
  void remove(ServedConnection& connection);
  // The connection has entered its phase.
  void move(ServedConnection& connection);

  std::size_t size() const { return size_; }
  // Number of connections from this address, without those that were ended to make room.
  std::size_t of(const IpAddress& address) const;
  std::size_t at(const Service& service) const;

  // Ends the connection of this service that has been idle for the longest time. If none is idle,
  // it ends the one that has taken longest to send its request. Returns false when all are being
  // answered.
  [[nodiscard]] bool endLongestIdle(const Service& service);
  // Resets the connection whose answer has waited longest for its reader, if that is kSlow or more.
  // Returns false when no connection qualifies.
  [[nodiscard]] bool endSlowestFlush(SteadyTime now);
  // Ends the connections that are not answering a request.
  void endResting();
  void resetAll();

 private:
  static constexpr std::size_t kMostHandshakes = 256;
  using Connections = boost::intrusive::list<
      ServedConnection,
      boost::intrusive::member_hook<ServedConnection, async::ListHook, &ServedConnection::in_phase>,
      boost::intrusive::constant_time_size<false>>;

  Connections& of(ServedConnection::Phase phase) {
    return phases_[static_cast<std::size_t>(phase)];
  }
  void uncount(ServedConnection& connection);

  std::array<Connections, ServedConnection::kPhases> phases_;
  std::map<IpAddress, std::size_t> by_address_;
  std::map<const Service*, std::size_t> by_service_;
  std::size_t size_ = 0;
};

}  // namespace postern::http
