#pragma once

#include <functional>

#include "async/task.h"
#include "base/job.h"
#include "http/message.h"
#include "http/responder.h"

namespace postern::http {

// Runs `job`, which may block or compute for long, on a thread, and lasts until it has returned,
// also when the connection ends before: the job may use what the task refers to. The task must not
// be destroyed before. Throws what leaves the job.
async::Task<> runOnThread(Job job, Responder& responder);
// The same in a place of LongAnswers, without which the task returns false.
async::Task<bool> runBlocking(Job job, Responder& responder);

// Called on several threads at a time. The request and the question live until it returns.
using BlockingHandler = std::function<Reply(const Request&, const ClientGone&)>;

// Answers by a handler that may block or compute for long, as runBlocking() runs it. `handler` must
// outlive the task.
async::Task<> answerBlocking(const BlockingHandler& handler, const Request& request,
                             Responder& responder);

}  // namespace postern::http
