#pragma once

#include <functional>

namespace postern::async {

// Runs jobs that may block, or that compute for long. Thread-safe.
class JobRunner {
 public:
  // Soon, on any thread. The job must not throw.
  virtual void run(std::function<void()> job) = 0;

 protected:
  ~JobRunner() = default;
};

}  // namespace postern::async
