#pragma once

#include <array>
#include <string>
#include <string_view>

#include "http/message.h"
#include "kube/injection_rules.h"

namespace postern::kube {

// The result of a request. Each name is also the `result` label of postern_inject_requests_total.
enum class ReviewResult {
  Injected,
  Already,    // already has its sidecar
  Ignored,    // requests no sidecar, or does not concern postern
  Unlabeled,  // has annotations of postern without the label, and gets no sidecar
  Refused,
  ConfigAccepted,
  ConfigRefused,
  BadRequest,  // not a valid review
};
inline constexpr std::array<std::string_view, 8> kReviewResultNames = {
    "injected", "already",         "ignored",        "unlabeled",
    "refused",  "config_accepted", "config_refused", "bad_request"};

// The response to one request of the API server.
struct ReviewAnswer {
  ReviewResult result = ReviewResult::BadRequest;
  int status = 200;  // HTTP status
  std::string body;  // JSON; for BadRequest a line of text
  // For the log, all printable and short.
  std::string what;     // "pod shop/web-1"
  std::string uid;      // of the review
  std::string message;  // why it was refused
};

// Answers one AdmissionReview of admission.k8s.io/v1. Pure, except for the functions in `rules`.
// Keeps no state, so a dry run is like any other. Only one review at a time may be larger than 64
// KiB or check a configuration; others wait for their turn. The response is 503 if four are already
// waiting, or if `gone` then says that the client has disconnected. Thread-safe.
ReviewAnswer answerReview(
    std::string_view body, const InjectionRules& rules,
    const http::ClientGone& gone = [] { return false; });

}  // namespace postern::kube
