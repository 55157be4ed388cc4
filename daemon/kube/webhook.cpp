#include "kube/webhook.h"

#include <fmt/core.h>

#include <string>

#include "base/log.h"
#include "base/text.h"

namespace postern::kube {
namespace {

// "application/json; charset=utf-8" too.
bool isJson(std::string_view content_type) {
  return equalsIgnoringCase(trimmed(content_type.substr(0, content_type.find(';'))),
                            "application/json");
}

void tell(const ReviewAnswer& answer) {
  const auto verdict = kVerdictNames[static_cast<std::size_t>(answer.verdict)];
  switch (answer.verdict) {
    case Verdict::Refused:
    case Verdict::ConfigRefused:
      log::warn("refused", {{"what", answer.what}, {"uid", answer.uid}, {"error", answer.message}});
      return;
    case Verdict::BadRequest: log::warn("bad request", {{"error", answer.message}}); return;
    case Verdict::Injected:
    case Verdict::Already:
    case Verdict::Ignored:
    case Verdict::Unlabeled:
    case Verdict::ConfigAccepted:
      log::debug("reviewed", {{"what", answer.what}, {"uid", answer.uid}, {"result", verdict}});
  }
}

}  // namespace

void Webhook::refuse(int status, std::string_view why, http::ResponseSink& sink) {
  count(Verdict::BadRequest);
  http::ResponseHead head;
  head.status = status;
  if (status == 405) head.headers.emplace_back("Allow", "POST");
  sink.send(head, fmt::format("{}: {}\n",
                              kVerdictNames[static_cast<std::size_t>(Verdict::BadRequest)], why));
}

void Webhook::handle(const http::Request& request, http::ResponseSink& sink) {
  if (request.path != "/mutate") return refuse(404, "reviews are answered at /mutate", sink);
  if (request.method != "POST") return refuse(405, "a review comes by POST", sink);
  if (!isJson(request.header("content-type"))) {
    return refuse(415, "a review is application/json", sink);
  }
  const auto answer = answerReview(request.body, rules_, [&] { return sink.clientGone(); });
  count(answer.verdict);
  tell(answer);
  http::ResponseHead head;
  head.status = answer.status;
  if (answer.verdict != Verdict::BadRequest) head.content_type = "application/json";
  sink.send(head, answer.body);
}

Webhook::Counts Webhook::counts() const {
  Counts counts;
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = counts_[i];
  return counts;
}

}  // namespace postern::kube
