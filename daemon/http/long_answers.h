#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include "async/event.h"
#include "async/task.h"
#include "http/responder.h"

namespace postern::http {

// Answers that take a thread, or that hold a page for a reader who may be slow: so that neither
// threads nor memory grow with the number of clients, a bounded number of them is under way at a
// time. A reader that has made its answer wait loses it to a request that waits for a place. On one
// loop.
class LongAnswers {
 public:
  explicit LongAnswers(std::size_t most) : gate_(most) {}

  // Given back when it is destroyed, before its responder.
  class Place {
   public:
    Place(LongAnswers& answers, async::Gate::Pass pass, Responder& responder);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    friend class LongAnswers;
    std::chrono::milliseconds waited() const;  // for its reader

    LongAnswers& answers_;
    const async::Gate::Pass pass_;
    Responder& responder_;
    const std::chrono::milliseconds waited_before_;  // by earlier answers on the connection
    std::list<Place*>::iterator self_;
  };

  // Null when the answer was 503 `busy`, after queue_timeout, or when the connection has ended.
  async::Task<std::unique_ptr<Place>> enter(Responder& responder);

 private:
  async::Task<async::Gate::Pass> wait(Responder& responder);
  void disconnectSlowest();

  async::Gate gate_;
  std::list<Place*> under_way_;
};

}  // namespace postern::http
