#include "async/bounded_runner.h"

#include <deque>
#include <utility>

#include "base/mutex.h"

namespace postern::async {

struct BoundedRunner::Turns {
  explicit Turns(std::size_t most) : free(most) {}

  // Returns false when the job must wait until another one has ended.
  bool take(Job& job) {
    const MutexLock lock(mutex);
    if (free > 0) {
      --free;
      return true;
    }
    waiting.push_back(std::move(job));
    return false;
  }
  // Empty: no job waits, and the place is free.
  Job next() {
    const MutexLock lock(mutex);
    if (waiting.empty()) {
      ++free;
      return nullptr;
    }
    auto job = std::move(waiting.front());
    waiting.pop_front();
    return job;
  }

  Mutex mutex;
  std::size_t free GUARDED_BY(mutex);
  std::deque<Job> waiting GUARDED_BY(mutex);
};

BoundedRunner::BoundedRunner(JobRunner& runner, std::size_t most)
    : runner_(runner), turns_(std::make_shared<Turns>(most)) {}

BoundedRunner::~BoundedRunner() = default;

void BoundedRunner::run(Job job) {
  if (!turns_->take(job)) return;
  runner_.run([turns = turns_, first = std::move(job)] {
    first();
    while (const auto next = turns->next()) next();
  });
}

}  // namespace postern::async
