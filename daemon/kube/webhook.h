#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

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

  // `gone`: whether the client waits for the answer no more.
  http::Reply answer(const http::Request& request, const http::ClientGone& gone);
  Counts counts() const;

 private:
  void count(Verdict verdict) { ++counts_[static_cast<std::size_t>(verdict)]; }
  http::Reply refuse(int status, std::string_view why);

  const Rules rules_;
  std::array<std::atomic<std::uint64_t>, kVerdictNames.size()> counts_{};
};

}  // namespace postern::kube
