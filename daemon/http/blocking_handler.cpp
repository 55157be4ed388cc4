#include "http/blocking_handler.h"

#include <exception>
#include <utility>

#include "async/offload.h"
#include "http/server_state.h"

namespace postern::http {
namespace {

// Makes a job that does not throw, as offload() requires. The job returns the exception of `job`,
// or null.
auto keepingException(Job job) {
  return [job = std::move(job)] {
    std::exception_ptr thrown;
    try {
      job();
    } catch (...) {
      thrown = std::current_exception();
    }
    return thrown;
  };
}

}  // namespace

async::Task<> runOnThread(Job job, Responder& responder) {
  async::Scope whole(responder.scope().loop());
  auto kept = keepingException(std::move(job));
  auto& runner = responder.server().runner;
  const auto thrown = co_await async::offload(runner, whole, std::move(kept));
  if (*thrown) std::rethrow_exception(*thrown);
}

async::Task<bool> runBlocking(Job job, Responder& responder) {
  const auto place = co_await responder.server().long_answers.enter(responder);
  if (!place) co_return false;
  co_await runOnThread(std::move(job), responder);
  co_return true;
}

async::Task<> answerBlocking(const BlockingHandler& handler, const Request& request,
                             Responder& responder) {
  const auto place = co_await responder.server().long_answers.enter(responder);
  if (!place) co_return;
  Reply reply;
  Job job = [&] {
    const ClientGone gone = [&] { return responder.transport().peerGone(); };
    reply = handler(request, gone);
  };
  co_await runOnThread(std::move(job), responder);
  co_await responder.send(std::move(reply));
}

}  // namespace postern::http
