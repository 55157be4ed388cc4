#include "http/response_head.h"

#include <fmt/core.h>

#include <Poco/Net/HTTPResponse.h>

#include <ctime>

#include "base/date.h"
#include "base/fault.h"
#include "http1/body_framing.h"

namespace postern::http {
namespace {

// Names of RFC 9110. Poco has older names for some.
std::string_view usualReason(int status) {
  switch (status) {
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 504: return "Gateway Timeout";
    default:
      return Poco::Net::HTTPResponse::getReasonForStatus(
          static_cast<Poco::Net::HTTPResponse::HTTPStatus>(status));
  }
}

void appendLine(std::string_view value, std::string& text) {
  const auto begin = text.size();
  text += value;
  for (auto i = begin; i < text.size(); ++i) {
    if (text[i] == '\r' || text[i] == '\n' || text[i] == '\0') text[i] = ' ';
  }
  text += "\r\n";
}

// Computed again once a second on each thread.
std::string_view date() {
  thread_local std::time_t made_at = -1;
  thread_local std::string text;
  const auto now = std::time(nullptr);
  if (now != made_at) {
    text = httpDate(std::chrono::system_clock::from_time_t(now));
    made_at = now;
  }
  return text;
}

}  // namespace

void appendHeader(std::string_view name, std::string_view value, std::string& text) {
  text += name;
  text += ": ";
  appendLine(value, text);
}

void appendResponseHead(const ResponseHead& head, std::string& text) {
  text += "HTTP/1.1 ";
  text += std::to_string(head.status);
  text += ' ';
  appendLine(head.reason.empty() ? usualReason(head.status) : std::string_view(head.reason), text);
  appendHeader("Date", date(), text);
  if (http1::mayHaveBody(head.status) && !head.content_type.empty()) {
    appendHeader("Content-Type", head.content_type, text);
  }
  for (const auto& [name, value] : head.headers) appendHeader(name, value, text);
}

Reply busyReply(std::string_view what) {
  const auto& info = faultInfo(Fault::Busy);
  Reply reply;
  reply.head.status = info.http_status;
  reply.head.reason = info.name;
  reply.head.headers.emplace_back("Retry-After", "1");
  reply.body = fmt::format("{}: {}; {}\n", info.name, what, info.next);
  return reply;
}

}  // namespace postern::http
