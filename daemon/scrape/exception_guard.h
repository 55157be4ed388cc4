#pragma once

#include <exception>
#include <new>
#include <optional>

#include "async/task.h"
#include "base/result.h"

namespace postern::scrape {

// What an exception becomes. Only its type is logged: its text may quote a page or a secret.
Error outOfMemory();                              // Limit
Error unexpected(const std::exception& failure);  // Format

// Runs `work`, which returns a Result: an exception becomes its Error. Code that reads pages
// returns its errors; but a page may take more memory than there is, and a library may throw. A
// thread of the pool that let an exception pass would end the process.
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

// The same for a task: what it threw, if it did.
async::Task<std::optional<Error>> guardExceptions(async::Task<> work);

}  // namespace postern::scrape
