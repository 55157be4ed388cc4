#pragma once

#include <cstddef>
#include <memory>

#include "async/job_runner.h"

namespace postern::async {

// Runs at most `most` jobs at a time on another runner; the others wait for their turn, in order.
// For work that computes: more threads than cores would only take memory. Thread-safe. Jobs that
// were given to it run also after it is gone.
class BoundedRunner final : public JobRunner {
 public:
  // `runner` must outlive it and its jobs.
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
