#pragma once

#include "async/job_runner.h"

namespace postern::testing {

// Runs each job at once on the calling thread: in simulated time a job takes no time.
class InlineRunner final : public async::JobRunner {
 public:
  void run(std::function<void()> job) override {
    ++jobs;
    job();
  }

  int jobs = 0;
};

}  // namespace postern::testing
