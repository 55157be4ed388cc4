#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "http/message.h"
#include "http/responder.h"
#include "scrape/page_stream.h"
#include "scrape/target.h"

namespace postern::web {

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

// Scrapes a target and answers with its page, or with the fault. Returns the status. All references
// must outlive the task.
async::Task<int> answerWithPage(scrape::Target& target, const http::Request& request,
                                std::chrono::milliseconds timeout_offset,
                                http::Responder& responder);

// Sends the answer of a scrape, and waits for a slow reader. Returns the status.
async::Task<int> answerWith(http::Reply reply, http::Responder& responder);

// "<fault>: target <name>: <what happened>; <what happens next>", with the fault as the reason
// phrase.
http::Reply faultReply(std::string_view target, const Error& error);

// When a scrape of the target for this request must end, by scrapeTime().
SteadyTime scrapeDeadline(const scrape::Target& target, const http::Request& request,
                          std::chrono::milliseconds timeout_offset);

// Takes a page that nobody reads, and counts its bytes.
class PageCounter final : public scrape::PageStream {
 public:
  async::Task<bool> write(std::string_view block) override;
  std::chrono::milliseconds waited() const override { return {}; }
  void disconnect() override {}
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

// How long a scrape may take: the smaller of `limit` and the scraper's
// X-Prometheus-Scrape-Timeout-Seconds minus the offset. The offset is at most half of that timeout.
// Ignores a header that is not a positive number.
std::chrono::milliseconds scrapeTime(std::string_view header, std::chrono::milliseconds limit,
                                     std::chrono::milliseconds offset);

}  // namespace postern::web
