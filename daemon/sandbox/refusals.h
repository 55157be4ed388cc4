#pragma once

#include <cstdint>

namespace postern::sandbox {

// Answers each system call that the filter traps with EPERM, counts it, and says in the log which
// it was: each at most once a minute. 0, or the errno of sigaction(2).
int answerRefusals();

// Thread-safe.
std::uint64_t refusals();

}  // namespace postern::sandbox
