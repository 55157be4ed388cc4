#pragma once

#include <cstddef>
#include <list>
#include <optional>

#include "base/clock.h"
#include "http/roster.h"

namespace postern::http {

// Where connections lie whose answer waits for a descriptor that is not theirs. Such a descriptor
// may be closed or waited for by somebody else at any time, so an event of it is about a berth,
// which stays when its connection has left: an event that comes too late finds it empty, or wakes
// who came next too early. Not thread-safe.
class Berths {
 public:
  struct Berth : Watched {
    Berth() : Watched{Kind::Berth} {}

   private:
    friend class Berths;
    Roster::Entry* entry = nullptr;  // null: it is free
    SteadyTime deadline;
  };

  // Held by the berth from now on, until its event or the deadline. The reference lives as long as
  // this object.
  Berth& take(Roster::Entry& entry, SteadyTime deadline);
  // Who lay there, held by the caller from now on; null: it was free.
  Roster::Entry* leave(Berth& berth);
  // One whose deadline has come, held by the caller from now on; null: no more.
  Roster::Entry* overdue(SteadyTime now);
  // The earliest one; none: all are free.
  std::optional<SteadyTime> nextDeadline() const;

  std::size_t taken() const { return taken_; }

 private:
  std::list<Berth> berths_;  // never shorter: as many as were ever taken at a time
  std::size_t taken_ = 0;
};

}  // namespace postern::http
