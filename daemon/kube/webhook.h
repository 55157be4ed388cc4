#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "http/message.h"
#include "kube/review.h"

namespace postern::kube {

// The handler of the webhook: `POST /mutate`. A review may compute for long. Says in the log what
// it refused, and with --log.level=debug what it injected. Thread-safe.
class Webhook {
 public:
  static constexpr std::size_t kMaxBody = 3U << 20;  // bytes; the API server bounds a pod by half

  using Counts = std::array<std::uint64_t, kVerdictNames.size()>;  // by Verdict

  explicit Webhook(Rules rules) : rules_(std::move(rules)) {}

  void handle(const http::Request& request, http::ResponseSink& sink);
  Counts counts() const;

 private:
  void count(Verdict verdict) { ++counts_[static_cast<std::size_t>(verdict)]; }
  void refuse(int status, std::string_view why, http::ResponseSink& sink);

  const Rules rules_;
  std::array<std::atomic<std::uint64_t>, kVerdictNames.size()> counts_{};
};

}  // namespace postern::kube
