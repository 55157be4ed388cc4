#include "web/auth_filter.h"

#include "base/job.h"
#include "http/blocking_handler.h"

namespace postern::web {

async::Task<> AuthFilter::handle(const http::Request& request, http::Responder& responder) const {
  const auto access = web_config_.now();
  responder.addHeaders(access->headers);
  const bool open = open_(request);
  Admission admission;
  if (open || access->settled(request)) {
    admission = access->admit(request, open);
  } else {
    Job job = [&] { admission = access->admit(request); };
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
