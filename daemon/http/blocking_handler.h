#pragma once

#include <list>
#include <utility>

#include "async/event.h"
#include "async/thread_pool.h"
#include "http/message.h"
#include "http/responder.h"

namespace postern::http {

// Answers by a handler that waits for nothing, on the connection's loop. `handler` must outlive the
// task.
async::Task<> answerAtOnce(const Handler& handler, const Request& request, Responder& responder);

// A handler that may block or compute for long, as one for a server on loops: it runs on a thread
// of the pool and writes to a ResponseSink, whose bytes the connection's loop sends. At most
// `threads` - 1 run at a time, so that one is left for handshakes; who waits for one longer than
// queue_timeout is answered `busy`.
class BlockingHandler {
 public:
  // Both must outlive it.
  BlockingHandler(Handler handler, async::ThreadPool& pool, ServerState& server)
      : handler_(std::move(handler)),
        pool_(pool),
        server_(server),
        threads_(server.options.threads - 1) {}

  async::Task<> answer(const Request& request, Responder& responder);

 private:
  class Bridge;

  async::Task<async::Gate::Pass> enter(async::Scope& connection);
  async::Task<> refuseBusy(Responder& responder);
  void disconnectSlowest() const;

  const Handler handler_;
  async::ThreadPool& pool_;
  ServerState& server_;
  async::Gate threads_;
  std::list<Bridge*> running_;
};

}  // namespace postern::http
