#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern {

// Decides when to log a lasting condition: when it begins, when its cause changes and when it ends,
// not at each observation. The caller writes the lines. Not thread-safe: the lock or the thread of
// its owner guards it.
class LogOnChange {
 public:
  // The condition holds. True if it did not hold before, or had another cause. `cause` may be empty
  // if only one exists.
  bool begins(std::string_view cause = {});
  // The condition does not hold. True if it held before.
  bool ends();

 private:
  std::optional<std::string> cause_;  // the last logged one; not set: the condition does not hold
};

// For a step that is repeated. Logs "`what` fails" with fault, error and `next` (what happens until
// it works) when `failing` begins or its error changes, and "`what` works again" when it ends.
void logFailure(LogOnChange& failing, std::string_view what, const Result<void>& tried,
                std::string_view next);

}  // namespace postern
