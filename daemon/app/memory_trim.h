#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace postern::app {

// Sets the allocator's thresholds, before the first thread starts: about 1 MiB of a large page's
// memory stays allocated for the next scrape. MemoryTrim returns it.
void boundAllocator();

// Returns unused memory to the kernel: free memory of the allocator, and pages of the program and
// its libraries that equal their files. The kernel maps needed ones again from its cache, one by
// one, in microseconds. Thread-safe.
void giveBackMemory();

// Decides when to call giveBackMemory(): ten seconds after the last scrape, which keeps an idle
// process small, and every minute. Not thread-safe.
class MemoryTrim {
 public:
  explicit MemoryTrim(SteadyTime now) : next_(now + kInterval) {}

  // Called about once a second. `scrapes` is the number of scrapes that have ended since the start.
  // Returns whether to call giveBackMemory() now.
  bool isDue(std::uint64_t scrapes, SteadyTime now);

 private:
  static constexpr std::chrono::seconds kInterval{60};
  static constexpr std::chrono::seconds kAfterScrape{10};

  std::uint64_t scrapes_ = 0;
  SteadyTime next_;
};

}  // namespace postern::app
