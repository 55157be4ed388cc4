#pragma once

#include "base/job.h"

namespace postern::async {

// Runs jobs that may block, or that compute for a long time. Thread-safe.
class JobRunner {
 public:
  // Runs the job soon, on any thread. The job must not throw.
  virtual void run(Job job) = 0;

 protected:
  ~JobRunner() = default;
};

}  // namespace postern::async
