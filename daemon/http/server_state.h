#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>

#include "async/job_runner.h"
#include "base/budget.h"
#include "http/gzip_encoder.h"
#include "http/long_answers.h"
#include "http/request_body.h"
#include "http/server.h"

namespace postern::http {

// Shared by all connections of a server. Outlives them. On the loop, except for atomic members.
struct ServerState {
  // `job_runner` must outlive the object.
  ServerState(const ServerOptions& server_options, async::JobRunner& job_runner)
      : options(server_options), runner(job_runner), long_answers(server_options.threads - 1) {}

  const ServerOptions options;
  async::JobRunner& runner;
  LongAnswers long_answers;  // one thread is reserved for handshakes
  GzipEncoders encoders;
  std::atomic<bool> interrupt{false};  // nothing may be sent any longer
  Budget flush_budget{4U << 20};  // bytes of whole answers that slow readers have not taken yet
  Budget body_budget{RequestBody::kMost};
  std::array<char, 16U << 10> scratch;  // for one receive(), between two waits
  // Ends the answer that a slow reader has not accepted for the longest time. Returns false when no
  // answer qualifies.
  std::function<bool()> endSlowestFlush;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> failed_handshakes{0};
  std::atomic<std::uint64_t> busy{0};
};

}  // namespace postern::http
