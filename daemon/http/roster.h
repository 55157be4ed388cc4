#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "http/address.h"
#include "http/connection.h"
#include "http/descriptor.h"

namespace postern::http {

// What an event of the epoll is about.
struct Watched {
  enum class Kind : std::uint8_t { Alarm, End, Listener, Connection, Berth };
  Kind kind;
};

// All connections of a server, each with the time that its phase may last. Phases have
// one time limit each, so their lists are in the order of deadlines. A connection is held by one
// thread, or rests until its socket is ready, or waits for a thread. Not thread-safe.
class Roster {
 public:
  // A reader that makes others wait for so long may lose its answer to them.
  static constexpr std::chrono::milliseconds kSlow{250};

  struct Entry : Watched {
    Entry(Descriptor socket, const Site& served, Shared& shared, const Address& from)
        : Watched{Kind::Connection},
          connection(std::move(socket), served, shared),
          site(served),
          address(from) {}

    Connection connection;
    const Site& site;
    const Address address;
    bool watched = false;         // by the epoll; its holder's
    bool waits_to_write = false;  // while it rests

    // When its time is over, if nothing comes to pass before.
    SteadyTime endsBy() const { return deadline; }

   private:
    friend class Roster;
    bool resting = false;
    bool expired = false;
    bool counted = true;  // by of() and at()
    std::size_t list = 0;
    SteadyTime deadline;
    std::list<Entry>::iterator self;
  };

  explicit Roster(const Server::Options& options);

  std::size_t size() const { return size_; }
  // But for those that were ended to make room.
  std::size_t of(const Address& address) const;
  std::size_t at(const Site& site) const;

  // Held by the caller.
  Entry& add(Descriptor socket, const Site& site, Shared& shared, const Address& address);
  // To be destroyed by the caller.
  [[nodiscard]] std::list<Entry> remove(Entry& entry);

  // By the caller from now on. Returns false, once, when its time is over.
  [[nodiscard]] bool hold(Entry& entry);
  // Until its socket is ready, in the phase that its connection is in. Staying in one phase does
  // not make its time longer. Returns false, once, when its time is over: the caller keeps it.
  [[nodiscard]] bool rest(Entry& entry);
  // It is being answered, for as long as that takes.
  void answer(Entry& entry);
  // It waits for a thread.
  void wait(Entry& entry);
  bool anyWaiting() const { return !lists_[kWaiting].empty(); }
  // The one that has waited for the longest time, held; null: none waits.
  Entry* nextWaiting();

  // Wakes what has rested beyond its time.
  void expire(SteadyTime now);
  // One that has waited for a thread in vain, held; null: no more.
  Entry* overdue(SteadyTime now);
  // Ends the connection of this site that has been idle for the longest time, or when none is, the
  // one that has taken longest to send its request. Returns false when all are being answered.
  [[nodiscard]] bool endLongestIdle(const Site& site);
  // Ends the answer that has been flushed for the longest time, if that is kSlow or more. Returns
  // false when there is none.
  [[nodiscard]] bool endSlowestFlush(SteadyTime now);
  // Disconnects the one whose answer() has waited longest for its reader, if that is kSlow or more.
  void endSlowestReader() const;
  // Wakes everything that rests but what flushes its answer.
  void wakeAll();

  // When expire() is due; none: nothing has a time limit.
  std::optional<SteadyTime> nextDeadline() const;

 private:
  static constexpr std::size_t kPhases = 6;
  static constexpr std::size_t kWaiting = kPhases;
  static constexpr std::size_t kOver = kPhases + 1;  // expired, and without a time limit
  static constexpr std::size_t kLists = kPhases + 2;
  static constexpr std::size_t kMostHandshakes = 256;

  static void wake(const Entry& entry);
  void move(Entry& entry, std::size_t list);
  void end(Entry& entry);
  void uncount(Entry& entry);
  // Ends the handshake that has taken the longest time when there are too many.
  void boundHandshakes();

  std::array<std::chrono::milliseconds, kLists> limits_;
  std::array<std::list<Entry>, kLists> lists_;
  std::map<Address, std::size_t> by_address_;
  std::map<const Site*, std::size_t> by_site_;
  std::size_t size_ = 0;
};

}  // namespace postern::http
