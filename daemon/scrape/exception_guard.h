#pragma once

#include <exception>
#include <new>
#include <optional>

#include "async/task.h"
#include "base/result.h"

namespace postern::scrape {

// The error for an exception. Logs only its type, because its text may quote a page or a secret.
Error outOfMemory();                              // Limit
Error unexpected(const std::exception& failure);  // Format

// Runs `work`, which returns a Result, and turns an exception into its Error. Code that reads pages
// returns its errors. But a page may need more memory than is available, and a library may throw.
// An exception that leaves a thread of the pool would end the process.
template <typename Work>
auto guardExceptions(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return outOfMemory();
  } catch (const std::exception& failure) {
    return unexpected(failure);
  }
}

// The same for a task: the error of its exception, if it threw.
async::Task<std::optional<Error>> guardExceptions(async::Task<> work);

}  // namespace postern::scrape
