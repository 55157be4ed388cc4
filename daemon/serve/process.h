#pragma once

#include <cstdint>

namespace postern::serve {

// What the kernel says of this process, from /proc/self; zero where it says nothing.
struct Process {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_fds = 0;
  double start_time_seconds = 0;  // Unix time
};

Process readProcess();

}  // namespace postern::serve
