#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include "async/event.h"
#include "async/task.h"
#include "http/responder.h"

namespace postern::http {

// Limits answers that use a thread, or that hold a page for a reader that may be slow. At most a
// bounded number of them run at a time, so that neither threads nor memory grow with the number of
// clients. A reader that makes its answer wait loses it to a request that waits for a place. On one
// loop.
class LongAnswers {
 public:
  explicit LongAnswers(std::size_t most) : gate_(most) {}

  // The place of one answer, given back by its destructor. Destroy it before its responder.
  class AnswerSlot {
   public:
    AnswerSlot(LongAnswers& answers, async::Gate::Pass pass, Responder& responder);
    ~AnswerSlot();
    AnswerSlot(const AnswerSlot&) = delete;
    AnswerSlot& operator=(const AnswerSlot&) = delete;

   private:
    friend class LongAnswers;
    std::chrono::milliseconds waited() const;  // for its reader

    LongAnswers& answers_;
    const async::Gate::Pass pass_;
    Responder& responder_;
    const std::chrono::milliseconds waited_before_;  // by earlier answers on the connection
    std::list<AnswerSlot*>::iterator self_;
  };

  // Null when the answer was 503 `busy`, after queue_timeout, or when the connection has ended.
  async::Task<std::unique_ptr<AnswerSlot>> enter(Responder& responder);

 private:
  async::Task<async::Gate::Pass> wait(Responder& responder);
  void disconnectSlowest();

  async::Gate gate_;
  std::list<AnswerSlot*> under_way_;
};

}  // namespace postern::http
