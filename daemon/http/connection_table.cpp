#include "http/connection_table.h"

#include <algorithm>
#include <utility>

namespace postern::http {

using Phase = ServedConnection::Phase;

void ConnectionTable::add(ServedConnection& connection) {
  ++by_address_[connection.address()];
  ++by_service_[&connection.service()];
  ++size_;
}

void ConnectionTable::remove(ServedConnection& connection) {
  connection.in_phase.unlink();
  uncount(connection);
  --size_;
}

void ConnectionTable::uncount(ServedConnection& connection) {
  if (!std::exchange(connection.counted, false)) return;
  const auto found = by_address_.find(connection.address());
  if (--found->second == 0) by_address_.erase(found);
  --by_service_[&connection.service()];
}

std::size_t ConnectionTable::of(const IpAddress& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? 0 : found->second;
}

std::size_t ConnectionTable::at(const Service& service) const {
  const auto found = by_service_.find(&service);
  return found == by_service_.end() ? 0 : found->second;
}

// A handshake costs more than the requests after it, so with too many the oldest one ends.
void ConnectionTable::move(ServedConnection& connection) {
  connection.in_phase.unlink();
  auto& list = of(connection.phase());
  list.push_back(connection);
  if (connection.phase() != Phase::Handshake || list.size() <= kMostHandshakes) return;
  auto& oldest = list.front();
  oldest.in_phase.unlink();
  oldest.cancel();
}

bool ConnectionTable::endLongestIdle(const Service& service) {
  for (const auto phase : {Phase::Idle, Phase::Hello, Phase::Handshake, Phase::Request}) {
    auto& list = of(phase);
    const auto longest = std::ranges::find_if(list, [&](const ServedConnection& connection) {
      return connection.counted && &connection.service() == &service;
    });
    if (longest == list.end()) continue;
    uncount(*longest);
    longest->cancel();
    return true;
  }
  return false;
}

bool ConnectionTable::endSlowestFlush(SteadyTime now) {
  auto& list = of(Phase::Flush);
  if (list.empty() || list.front().since() + kSlow > now) return false;
  auto& slowest = list.front();
  slowest.in_phase.unlink();
  slowest.reset();
  return true;
}

void ConnectionTable::endResting() {
  for (const auto phase : {Phase::Idle, Phase::Hello, Phase::Handshake, Phase::Request}) {
    for (auto& connection : of(phase)) connection.cancel();
  }
}

void ConnectionTable::resetAll() {
  for (auto& list : phases_) {
    for (auto& connection : list) connection.reset();
  }
}

}  // namespace postern::http
