#include "web/page.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "exposition/negotiate.h"

namespace postern::web {
namespace {

// All Accept headers of the request as one (RFC 9110 section 5.3).
std::string acceptOf(const http::Request& request) {
  std::string accept;
  for (const auto& [name, value] : request.headers) {
    if (name != "accept") continue;
    if (!accept.empty()) accept += ',';
    accept += value;
  }
  return accept;
}

// The answer to one scraper. It begins with the first block.
class ResponseStream final : public scrape::PageStream {
 public:
  // Both must outlive the stream.
  ResponseStream(http::Responder& responder, const http::ResponseHead& head)
      : responder_(responder), head_(head), waited_before_(responder.transport().waited()) {}

  async::Task<bool> write(std::string_view block) override {
    if (!std::exchange(begun_, true)) responder_.begin(head_);
    return responder_.write(block);
  }
  std::chrono::milliseconds waited() const override {
    return responder_.transport().waited() - waited_before_;
  }
  void disconnect() override { responder_.transport().endBoth(); }
  bool begun() const { return begun_; }

 private:
  http::Responder& responder_;
  const http::ResponseHead& head_;
  const std::chrono::milliseconds waited_before_;  // by earlier answers on the connection
  bool begun_ = false;
};

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

SteadyTime scrapeDeadline(const scrape::Target& target, const http::Request& request,
                          milliseconds timeout_offset) {
  return target.clock().steady() + scrapeTime(request.header("x-prometheus-scrape-timeout-seconds"),
                                              target.config().scrape_timeout, timeout_offset);
}

http::Reply faultReply(std::string_view target, const Error& error) {
  const FaultInfo& info = faultInfo(error.fault);
  http::Reply reply;
  reply.head.status = info.http_status;
  reply.head.reason = info.name;
  if (error.retry_after && info.http_status == 503) {
    reply.head.headers.emplace_back(
        "Retry-After",
        std::to_string(std::max<std::chrono::seconds::rep>(1, error.retry_after->count())));
  }
  reply.body = fmt::format("{}: target {}: {}; {}\n", info.name, target, error.what,
                           error.next.empty() ? info.next : std::string_view(error.next));
  return reply;
}

async::Task<bool> PageCounter::write(std::string_view block) {
  bytes_ += block.size();
  co_return true;
}

async::Task<int> answerWith(http::Reply reply, http::Responder& responder) {
  const int status = reply.head.status;
  co_await responder.send(std::move(reply));
  co_return status;
}

async::Task<int> answerWithPage(scrape::Target& target, const http::Request& request,
                                milliseconds timeout_offset, http::Responder& responder) {
  const auto deadline = scrapeDeadline(target, request, timeout_offset);
  const auto output = exposition::negotiate(acceptOf(request));
  http::ResponseHead head{200, {}, exposition::contentType(output), {}};
  const int status = head.status;
  ResponseStream stream(responder, head);
  async::Scope& connection = responder.scope();
  const auto answer = co_await target.scrape(deadline, output, stream, connection);
  if (answer.streamed) {
    if (answer.page && stream.begun()) {
      co_await responder.finish();
    } else {
      responder.abort();
    }
    co_return status;
  }
  if (!answer.page) {
    http::Reply fault = faultReply(target.config().name, answer.page.error());
    co_return co_await answerWith(std::move(fault), responder);
  }
  const std::string_view page = **answer.page;
  co_await responder.send(std::move(head), page);
  co_return status;
}

}  // namespace postern::web
