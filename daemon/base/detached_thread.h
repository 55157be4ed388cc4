#pragma once

#include "base/job.h"

namespace postern {

// Starts a detached thread for a call that may hang forever and cannot be canceled: getaddrinfo(3),
// a query through libmariadb, a write to a volume that does not answer. The caller waits until its
// own deadline and then abandons the thread. `work` must own everything that it uses, because it
// may outlive all other objects. Returns false if the system has no more threads. All other threads
// are joined, as in ThreadGroup.
bool startDetachedThread(Job work);

// Ends the process without exit(3), which would destroy objects that a detached thread may still
// use. First flushes standard output and error.
[[noreturn]] void exitNow(int code);

}  // namespace postern
