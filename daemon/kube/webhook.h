#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "http/message.h"
#include "kube/review.h"

namespace postern::kube {

// The handler of the admission webhook: `POST /mutate`. A review may need much CPU time. Logs
// refusals, and with --log.level=debug also injections. Thread-safe.
class Webhook {
 public:
  static constexpr std::size_t kMaxBody = 3U << 20;  // bytes; twice the API server's limit of a pod

  using ReviewCounts = std::array<std::uint64_t, kReviewResultNames.size()>;  // by ReviewResult

  explicit Webhook(InjectionRules rules) : rules_(std::move(rules)) {}

  // `gone`: whether the client has disconnected.
  http::Reply answer(const http::Request& request, const http::ClientGone& gone);
  ReviewCounts counts() const;

 private:
  void count(ReviewResult result) { ++counts_[static_cast<std::size_t>(result)]; }
  http::Reply refuse(int status, std::string_view why);

  const InjectionRules rules_;
  std::array<std::atomic<std::uint64_t>, kReviewResultNames.size()> counts_{};
};

}  // namespace postern::kube
