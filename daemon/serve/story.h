#pragma once

#include <chrono>
#include <string_view>

#include "http/message.h"
#include "scrape/target.h"

namespace postern::serve {

// Whether the query holds debug=true.
bool asksForDebug(std::string_view query);

// Scrapes the target once and answers, with 200, not with its page but with what happened step by
// step: certificates, credential (found, never shown), session, connection, each page, rules, the
// outcome and what happens next; login and pages with the TLS under them. Plain text for people.
// Returns the status.
int answerWithStory(scrape::Target& target, const http::Request& request,
                    std::chrono::milliseconds timeout_offset, http::ResponseSink& sink);

}  // namespace postern::serve
