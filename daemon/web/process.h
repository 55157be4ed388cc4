#pragma once

#include <cstdint>

namespace postern::web {

// The kernel's figures of this process, from /proc/self. Zero where a figure is missing.
struct Process {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_fds = 0;
  double start_time_seconds = 0;  // Unix time
};

Process readProcess();

}  // namespace postern::web
