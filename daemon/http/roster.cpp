#include "http/roster.h"

#include <algorithm>
#include <utility>

namespace postern::http {
namespace {

using std::chrono::milliseconds;

// For a client that was refused to close.
constexpr milliseconds kLingerTime{1000};
constexpr milliseconds kNoLimit = milliseconds::max();

constexpr std::size_t indexOf(Connection::Phase phase) {
  return static_cast<std::size_t>(phase);
}

}  // namespace

Roster::Roster(const Server::Options& options) {
  using Phase = Connection::Phase;
  limits_.fill(kNoLimit);
  limits_[indexOf(Phase::Handshake)] = options.header_timeout;
  limits_[indexOf(Phase::Request)] = options.header_timeout;
  limits_[indexOf(Phase::Idle)] = options.idle_timeout;
  limits_[indexOf(Phase::Flush)] = options.write_timeout;
  limits_[indexOf(Phase::Linger)] = kLingerTime;
  limits_[kWaiting] = options.queue_timeout;
}

std::size_t Roster::of(const Address& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? 0 : found->second;
}

std::size_t Roster::at(const Site& site) const {
  const auto found = by_site_.find(&site);
  return found == by_site_.end() ? 0 : found->second;
}

Roster::Entry& Roster::add(Descriptor socket, const Site& site, Shared& shared,
                           const Address& address) {
  auto& list = lists_[indexOf(Connection::Phase::Answer)];
  auto& entry = list.emplace_back(std::move(socket), site, shared, address);
  entry.self = std::prev(list.end());
  entry.list = indexOf(Connection::Phase::Answer);
  ++by_address_[address];
  ++by_site_[&site];
  ++size_;
  return entry;
}

std::list<Roster::Entry> Roster::remove(Entry& entry) {
  uncount(entry);
  --size_;
  std::list<Entry> removed;
  removed.splice(removed.end(), lists_[entry.list], entry.self);
  return removed;
}

void Roster::uncount(Entry& entry) {
  if (!std::exchange(entry.counted, false)) return;
  const auto found = by_address_.find(entry.address);
  if (--found->second == 0) by_address_.erase(found);
  --by_site_[&entry.site];
}

void Roster::move(Entry& entry, std::size_t list) {
  if (entry.list == list) return;
  lists_[list].splice(lists_[list].end(), lists_[entry.list], entry.self);
  entry.list = list;
  entry.deadline = limits_[list] == kNoLimit ? SteadyTime::max() : deadlineIn(limits_[list]);
}

bool Roster::hold(Entry& entry) {
  entry.resting = false;
  return !std::exchange(entry.expired, false);
}

bool Roster::rest(Entry& entry) {
  if (std::exchange(entry.expired, false)) return false;
  move(entry, indexOf(entry.connection.phase()));
  entry.resting = true;
  boundHandshakes();
  return true;
}

void Roster::answer(Entry& entry) {
  entry.expired = false;
  move(entry, indexOf(Connection::Phase::Answer));
}

void Roster::wait(Entry& entry) {
  move(entry, kWaiting);
}

Roster::Entry* Roster::nextWaiting() {
  if (lists_[kWaiting].empty()) return nullptr;
  auto& entry = lists_[kWaiting].front();
  answer(entry);
  return &entry;
}

// The end of reading would not wake one that waits until it can write.
void Roster::wake(const Entry& entry) {
  entry.connection.wake(entry.waits_to_write ? Connection::Phase::Flush
                                             : static_cast<Connection::Phase>(entry.list));
}

void Roster::end(Entry& entry) {
  if (entry.resting) wake(entry);
  entry.expired = true;
  move(entry, kOver);
}

void Roster::expire(SteadyTime now) {
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    auto& list = lists_[phase];
    while (limits_[phase] != kNoLimit && !list.empty() && list.front().deadline <= now) {
      end(list.front());
    }
  }
}

Roster::Entry* Roster::overdue(SteadyTime now) {
  const auto& waiting = lists_[kWaiting];
  if (waiting.empty() || waiting.front().deadline > now) return nullptr;
  return nextWaiting();
}

void Roster::wakeAll() {
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    if (phase == indexOf(Connection::Phase::Flush)) continue;
    for (const auto& entry : lists_[phase]) {
      if (entry.resting) wake(entry);
    }
  }
}

bool Roster::endLongestIdle(const Site& site) {
  using Phase = Connection::Phase;
  for (const auto phase : {Phase::Idle, Phase::Handshake, Phase::Request}) {
    auto& list = lists_[indexOf(phase)];
    const auto longest =
        std::ranges::find(list, &site, [](const Entry& entry) { return &entry.site; });
    if (longest == list.end()) continue;
    end(*longest);
    uncount(*longest);
    return true;
  }
  return false;
}

bool Roster::endSlowestFlush(SteadyTime now) {
  constexpr auto kFlush = indexOf(Connection::Phase::Flush);
  for (auto& entry : lists_[kFlush]) {
    if (!entry.resting) continue;
    if (entry.deadline - limits_[kFlush] + kSlow > now) return false;
    entry.connection.dropAnswer();
    end(entry);
    return true;
  }
  return false;
}

void Roster::endSlowestReader() const {
  const auto& answered = lists_[indexOf(Connection::Phase::Answer)];
  const auto slowest = std::ranges::max_element(
      answered, {}, [](const Entry& entry) { return entry.connection.waited(); });
  if (slowest != answered.end() && slowest->connection.waited() >= kSlow)
    slowest->connection.disconnect();
}

void Roster::boundHandshakes() {
  auto& list = lists_[indexOf(Connection::Phase::Handshake)];
  if (list.size() > kMostHandshakes) end(list.front());
}

std::optional<SteadyTime> Roster::nextDeadline() const {
  std::optional<SteadyTime> next;
  for (std::size_t list = 0; list < kLists; ++list) {
    if (limits_[list] == kNoLimit || lists_[list].empty()) continue;
    const auto deadline = lists_[list].front().deadline;
    next = next ? std::min(*next, deadline) : deadline;
  }
  return next;
}

}  // namespace postern::http
