#include "web/auth_filter.h"

#include "base/job.h"
#include "http/blocking_handler.h"

namespace postern::web {

async::Task<> AuthFilter::handle(const http::Request& request, http::Responder& responder) const {
  const auto lock = lock_.now();
  responder.addHeaders(lock->headers);
  const bool open = open_(request);
  Admission admission;
  if (open || lock->settled(request)) {
    admission = lock->judge(request, open);
  } else {
    Job job = [&] { admission = lock->judge(request); };
    const bool ran = co_await http::runBlocking(std::move(job), responder);
    if (!ran) co_return;
  }
  if (admission.allowed) {
    co_await handler_(request, responder);
  } else {
    co_await responder.send(std::move(admission.head), admission.body);
  }
}

}  // namespace postern::web
