#include "http/long_answers.h"

#include <algorithm>
#include <utility>

#include "async/loop.h"
#include "http/connection_table.h"
#include "http/response_head.h"
#include "http/server_state.h"

namespace postern::http {

LongAnswers::AnswerSlot::AnswerSlot(LongAnswers& answers, async::Gate::Pass pass,
                                    Responder& responder)
    : answers_(answers),
      pass_(std::move(pass)),
      responder_(responder),
      waited_before_(responder.transport().waited()),
      self_(answers.under_way_.insert(answers.under_way_.end(), this)) {
  responder_.waitWithoutRoom(true);
}

LongAnswers::AnswerSlot::~AnswerSlot() {
  responder_.waitWithoutRoom(false);
  answers_.under_way_.erase(self_);
}

std::chrono::milliseconds LongAnswers::AnswerSlot::waited() const {
  return responder_.transport().waited() - waited_before_;
}

void LongAnswers::disconnectSlowest() {
  const auto slowest = std::ranges::max_element(under_way_, {}, &AnswerSlot::waited);
  if (slowest != under_way_.end() && (*slowest)->waited() >= ConnectionTable::kSlow)
    (*slowest)->responder_.transport().endBoth();
}

async::Task<async::Gate::Pass> LongAnswers::wait(Responder& responder) {
  async::Scope& connection = responder.scope();
  const auto& loop = connection.loop();
  async::Scope queue(connection, loop.now() + responder.server().options.queue_timeout);
  while (!queue.ended()) {
    async::Scope patience(queue, loop.now() + ConnectionTable::kSlow);
    auto pass = co_await gate_.enter(patience);
    if (pass) co_return std::move(pass);
    disconnectSlowest();
  }
  co_return async::Gate::Pass();
}

async::Task<std::unique_ptr<LongAnswers::AnswerSlot>> LongAnswers::enter(Responder& responder) {
  auto pass = gate_.tryEnter();
  if (!pass) pass = co_await wait(responder);
  if (pass) co_return std::make_unique<AnswerSlot>(*this, std::move(pass), responder);
  // A connection that has ended meanwhile gets no answer.
  if (responder.scope().ended()) co_return nullptr;
  ++responder.server().busy;
  Reply busy = busyReply("other scrapes use all threads");
  co_await responder.sendLast(std::move(busy));
  co_return nullptr;
}

}  // namespace postern::http
