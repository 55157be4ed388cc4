#pragma once

#include <functional>

#include "async/task.h"
#include "base/job.h"
#include "http/message.h"
#include "http/responder.h"

namespace postern::http {

// Runs `job`, which may block or compute for a long time, on a thread. Returns after the job has
// returned, also when the connection ends earlier, so the job may use objects of the task. The task
// must not be destroyed earlier. Throws the job's exception.
async::Task<> runOnThread(Job job, Responder& responder);
// The same with a place of LongAnswers. Returns false without a place.
async::Task<bool> runBlocking(Job job, Responder& responder);

// Called on several threads at a time. Request and function live until the call returns.
using BlockingHandler = std::function<Reply(const Request&, const ClientGone&)>;

// Answers by a handler that may block or compute for a long time, like runBlocking(). `handler`
// must outlive the task.
async::Task<> answerBlocking(const BlockingHandler& handler, const Request& request,
                             Responder& responder);

}  // namespace postern::http
