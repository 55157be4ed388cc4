#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern {

// Decides when a condition that lasts is logged: when it begins, when its cause changes and when it
// ends, not each time that it is observed. The caller writes the lines. Not thread-safe: the lock
// or the thread of its owner guards it.
class LogOnChange {
 public:
  // The condition holds. True when it did not hold before, or for another cause. `cause` may be
  // empty where there is only one.
  bool begins(std::string_view cause = {});
  // The condition does not hold. True when it held before.
  bool ends();

 private:
  std::optional<std::string> cause_;  // that was logged last; none: the condition does not hold
};

// For a step that is tried again and again. Logs "`what` fails" with fault, error and `next` (what
// happens until it works) when `failing` begins or its error changes, and "`what` works again" when
// it ends.
void logFailure(LogOnChange& failing, std::string_view what, const Result<void>& tried,
                std::string_view next);

}  // namespace postern
