#pragma once

#include <cstddef>
#include <memory>

#include "async/job_runner.h"

namespace postern::async {

// Runs at most `most` jobs at a time on another runner. The others wait, in order. For work that
// computes, because more threads than cores would only need memory. Thread-safe. Jobs also run
// after the BoundedRunner is gone.
class BoundedRunner final : public JobRunner {
 public:
  // `runner` must outlive the object and its jobs.
  BoundedRunner(JobRunner& runner, std::size_t most);
  ~BoundedRunner();
  BoundedRunner(const BoundedRunner&) = delete;
  BoundedRunner& operator=(const BoundedRunner&) = delete;

  void run(Job job) override;

 private:
  struct Turns;

  JobRunner& runner_;
  const std::shared_ptr<Turns> turns_;
};

}  // namespace postern::async
