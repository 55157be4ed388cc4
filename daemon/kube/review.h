#pragma once

#include <array>
#include <string>
#include <string_view>

#include "http/message.h"
#include "kube/rules.h"

namespace postern::kube {

// What became of a request. Each name is also the `result` label of postern_inject_requests_total.
enum class Verdict {
  Injected,
  Already,    // has its sidecar
  Ignored,    // does not ask for one, or is nothing of ours
  Unlabeled,  // has annotations of ours without the label, and gets no sidecar
  Refused,
  ConfigAccepted,
  ConfigRefused,
  BadRequest,  // no review that can be answered
};
inline constexpr std::array<std::string_view, 8> kVerdictNames = {
    "injected", "already",         "ignored",        "unlabeled",
    "refused",  "config_accepted", "config_refused", "bad_request"};

// The answer to one request of the API server.
struct ReviewAnswer {
  Verdict verdict = Verdict::BadRequest;
  int status = 200;  // of HTTP
  std::string body;  // JSON; of BadRequest a line of text
  // For the log, all printable and short.
  std::string what;     // "pod shop/web-1"
  std::string uid;      // of the review
  std::string message;  // why it was refused
};

// Answers one AdmissionReview of admission.k8s.io/v1. Pure but for what `rules` asks; keeps
// nothing, so a dry run is like any other. A review that is larger than 64 KiB or checks a
// configuration waits for its turn, one at a time, or is answered 503 when four others wait, or
// when `gone` then says that nobody waits for the answer any more. Thread-safe.
ReviewAnswer answerReview(
    std::string_view body, const Rules& rules, const http::ClientGone& gone = [] { return false; });

}  // namespace postern::kube
