#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "scrape/target.h"

namespace postern::serve {

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

// Scrapes a target and answers with its page, or with the fault. Returns the status.
int answerWithPage(scrape::Target& target, const http::Request& request,
                   std::chrono::milliseconds timeout_offset, http::ResponseSink& sink);

// "<fault>: target <name>: <what happened>; <what happens next>", with the fault as
// the reason phrase. Returns the status.
int answerWithFault(std::string_view target, const Error& error, http::ResponseSink& sink);

// How long a scrape may take: `limit`, or what the scraper's X-Prometheus-Scrape-Timeout-Seconds
// leaves when the offset (at most half of it) is taken off, whichever is less. A header that is no
// positive number is ignored.
std::chrono::milliseconds scrapeTime(std::string_view header, std::chrono::milliseconds limit,
                                     std::chrono::milliseconds offset);

}  // namespace postern::serve
