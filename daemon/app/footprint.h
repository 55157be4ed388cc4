#pragma once

#include <chrono>

namespace postern::app {

// Gives back memory that is not in use: what the allocator holds free, and the pages of the program
// and its libraries that are the same in their files. Those that are needed come back from the
// kernel's cache one by one, in microseconds; those that only the start needed stay away. For any
// thread.
void giveBackMemory();

// How often to call it: malloc keeps what a peak took, in pieces.
inline constexpr std::chrono::seconds kTrimInterval{60};

}  // namespace postern::app
