#include "serve/page.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <string>

#include "exposition/negotiate.h"

namespace postern::serve {
namespace {

// All of the request's Accept headers as one (RFC 9110 section 5.3).
std::string acceptOf(const http::Request& request) {
  std::string accept;
  for (const auto& [name, value] : request.headers) {
    if (name != "accept") continue;
    if (!accept.empty()) accept += ',';
    accept += value;
  }
  return accept;
}

}  // namespace

using std::chrono::milliseconds;

milliseconds scrapeTime(std::string_view header, milliseconds limit, milliseconds offset) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  const bool number = error == std::errc() && end == header.data() + header.size();
  if (!number || !std::isfinite(seconds) || seconds <= 0) return limit;
  constexpr double kDay = 86'400;
  const milliseconds asked(
      std::max<milliseconds::rep>(1, std::llround(std::min(seconds, kDay) * 1000)));
  return std::min(limit, asked - std::min(offset, asked / 2));
}

int answerWithFault(std::string_view target, const Error& error, http::ResponseSink& sink) {
  const FaultInfo& info = faultInfo(error.fault);
  http::ResponseHead head;
  head.status = info.http_status;
  head.reason = info.name;
  if (error.retry_after && info.http_status == 503) {
    head.headers.emplace_back("Retry-After", std::to_string(std::max<std::chrono::seconds::rep>(
                                                 1, error.retry_after->count())));
  }
  std::string body(info.name);
  body += ": target ";
  body += target;
  body += ": " + error.what + "; ";
  body += error.next.empty() ? info.next : std::string_view(error.next);
  body += '\n';
  sink.send(head, body);
  return info.http_status;
}

int answerWithPage(scrape::Target& target, const http::Request& request,
                   milliseconds timeout_offset, http::ResponseSink& sink) {
  const auto deadline = deadlineIn(scrapeTime(request.header("x-prometheus-scrape-timeout-seconds"),
                                              target.config().scrape_timeout, timeout_offset));
  const auto output = exposition::negotiate(acceptOf(request));
  const http::ResponseHead head{200, {}, exposition::contentType(output), {}};
  bool begun = false;
  scrape::Stream stream = [&](std::string_view block) {
    if (!begun && !sink.begin(head)) return false;
    begun = true;
    return sink.write(block);
  };
  stream.waited = [&] { return sink.waited(); };
  stream.disconnect = [&] { sink.disconnect(); };
  std::optional<int> left;  // the status, when the scraper was answered before its thread was free
  const auto leave_early = [&](const scrape::Target::Answer& answer) {
    left = answerWithFault(target.config().name, answer.page.error(), sink);
  };
  const auto answer = target.scrape(deadline, output, stream, std::ref(leave_early));
  if (left) return *left;
  if (!answer.streamed) {
    if (!answer.page) return answerWithFault(target.config().name, answer.page.error(), sink);
    sink.send(head, **answer.page);
    return head.status;
  }
  if (answer.page && begun) {
    sink.finish();
  } else {
    sink.abort();
  }
  return head.status;
}

}  // namespace postern::serve
