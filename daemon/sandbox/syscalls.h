#pragma once

#include "sandbox/lock.h"

namespace postern::sandbox {

// From now on every thread of this process makes the system calls that the daemon needs, and no
// other one (seccomp(2)). One that is refused fails with EPERM, the first time and then at most
// once a minute with a line in the log, and never ends the process. No program can be executed, no
// process started. Requires that no_new_privs is set, and that SIGSYS is blocked nowhere.
Lock lockSystemCalls();

}  // namespace postern::sandbox
