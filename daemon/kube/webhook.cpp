#include "kube/webhook.h"

#include <fmt/core.h>

#include <string>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace postern::kube {
namespace {

// "application/json; charset=utf-8" too.
bool isJson(std::string_view content_type) {
  return equalsIgnoringCase(trimmed(content_type.substr(0, content_type.find(';'))),
                            "application/json");
}

void logAnswer(const ReviewAnswer& answer) {
  const auto result = kReviewResultNames[static_cast<std::size_t>(answer.result)];
  switch (answer.result) {
    case ReviewResult::Refused:
    case ReviewResult::ConfigRefused:
      log::warn("refused", {{"what", answer.what}, {"uid", answer.uid}, {"error", answer.message}});
      return;
    case ReviewResult::BadRequest: log::warn("bad request", {{"error", answer.message}}); return;
    case ReviewResult::Injected:
    case ReviewResult::Already:
    case ReviewResult::Ignored:
    case ReviewResult::Unlabeled:
    case ReviewResult::ConfigAccepted:
      log::debug("reviewed", {{"what", answer.what}, {"uid", answer.uid}, {"result", result}});
  }
}

}  // namespace

http::Reply Webhook::refuse(int status, std::string_view why) {
  count(ReviewResult::BadRequest);
  http::Reply reply;
  reply.head.status = status;
  if (status == 405) reply.head.headers.emplace_back("Allow", "POST");
  reply.body = fmt::format(
      "{}: {}\n", kReviewResultNames[static_cast<std::size_t>(ReviewResult::BadRequest)], why);
  return reply;
}

http::Reply Webhook::answer(const http::Request& request, const http::ClientGone& gone) {
  if (request.path != "/mutate") return refuse(404, "reviews are answered at /mutate");
  if (request.method != "POST") return refuse(405, "reviews require the method POST");
  if (!isJson(request.header("content-type")))
    return refuse(415, "reviews require the Content-Type application/json");
  auto answer = answerReview(request.body, rules_, gone);
  count(answer.result);
  logAnswer(answer);
  http::Reply reply;
  reply.head.status = answer.status;
  if (answer.result != ReviewResult::BadRequest) reply.head.content_type = "application/json";
  reply.body = std::move(answer.body);
  return reply;
}

Webhook::ReviewCounts Webhook::counts() const {
  ReviewCounts counts;
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = counts_[i];
  return counts;
}

}  // namespace postern::kube
