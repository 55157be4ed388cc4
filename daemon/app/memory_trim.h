#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace postern::app {

// Sets the allocator's thresholds, before the first thread starts: about 1 MiB that a large page
// needed stays for the next scrape. MemoryTrim returns it.
void boundAllocator();

// Returns unused memory to the kernel: what the allocator holds free, and the pages of the program
// and its libraries that are the same in their files. The kernel's cache brings back those that are
// needed, one by one, in microseconds. Thread-safe.
void giveBackMemory();

// Decides when to call giveBackMemory(): ten seconds after the last scrape, so that an idle process
// is small, and every minute. Not thread-safe.
class MemoryTrim {
 public:
  explicit MemoryTrim(SteadyTime now) : next_(now + kInterval) {}

  // Called about once a second. `scrapes` counts those that have ended since the start. Returns
  // whether memory is to be given back now.
  bool isDue(std::uint64_t scrapes, SteadyTime now);

 private:
  static constexpr std::chrono::seconds kInterval{60};
  static constexpr std::chrono::seconds kAfterScrape{10};

  std::uint64_t scrapes_ = 0;
  SteadyTime next_;
};

}  // namespace postern::app
