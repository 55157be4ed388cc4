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

  using Counts = std::array<std::uint64_t, kVerdictNames.size()>;  // by Verdict

  explicit Webhook(Rules rules) : rules_(std::move(rules)) {}

  // `gone`: whether the client has disconnected.
  http::Reply answer(const http::Request& request, const http::ClientGone& gone);
  Counts counts() const;

 private:
  void count(Verdict verdict) { ++counts_[static_cast<std::size_t>(verdict)]; }
  http::Reply refuse(int status, std::string_view why);

  const Rules rules_;
  std::array<std::atomic<std::uint64_t>, kVerdictNames.size()> counts_{};
};

}  // namespace postern::kube
