#pragma once

#include "base/job.h"

namespace postern {

// Starts a thread that nobody joins, for a call that may hang for ever and that cannot be
// cancelled: getaddrinfo(3), a query through libmariadb, a write to a volume that does not answer.
// Whoever waits for its result leaves at the own deadline and abandons the thread. `work` has to
// own what it uses, as it may outlive everything else. Returns false when there can be no thread.
// All other threads are joined, as in Crew.
bool startDetachedThread(Job work);

// Ends the process without exit(3), which would destroy what a detached thread may still use.
// Writes out what is in the buffers of standard output and error first.
[[noreturn]] void exitNow(int code);

}  // namespace postern
