#pragma once

#include <cstdint>

namespace postern::sandbox {

// Handles SIGSYS: answers each system call that the filter traps with EPERM, counts it, and logs
// its name, each at most once a minute. Returns 0 or the errno of sigaction(2).
int handleSigsys();

// The number of refused system calls. Thread-safe.
std::uint64_t refusedCalls();

}  // namespace postern::sandbox
