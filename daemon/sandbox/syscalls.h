#pragma once

#include "sandbox/layer.h"

namespace postern::sandbox {

// Installs a seccomp(2) filter: from now on every thread of this process can make only the system
// calls that the daemon needs. A refused call fails with EPERM and never ends the process. It is
// logged the first time, and then at most once a minute. No program can be executed, no process
// started. Requires that no_new_privs is set, and that no thread blocks SIGSYS.
Layer restrictSystemCalls();

}  // namespace postern::sandbox
